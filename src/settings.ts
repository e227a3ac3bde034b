/** Every setting of packhorse.yaml: its shape, default, allowed values and meaning. The JSON Schema that
 *  editors use and docs/config.md are made from this file. Durations say their unit in their name. */
import { z } from 'zod';

const id = z
  .string()
  .regex(
    /^[a-z][a-z0-9-]{0,30}$/,
    'lower-case letters, digits and hyphens, at most 31, first a letter',
  );
const secret = z.string().min(1).describe('Secret: give it as ${NAME} of an environment variable.');
const httpUrl = z
  .string()
  .regex(/^https?:\/\/[^\s/]+(\/[^\s]*)?$/, 'an absolute http(s) URL')
  .transform((url) => url.replace(/\/+$/, ''));
/** What a database URL starts with, in the file or in DATABASE_URL. */
export const databaseUrlShape = /^postgres(ql)?:\/\//;
const timeZone = z.string().refine(isTimeZone, 'an IANA time zone such as Europe/London');
const columns = z
  .record(z.string(), z.string().min(1))
  .default({})
  .describe("Tenant's column name for a standard field, where it was renamed: { ItemCode: SKU }.");

function template(name: string) {
  return z
    .strictObject({
      name: z.string().min(1).default(name).describe('Its name at the tenant.'),
      columns,
    })
    .prefault({})
    .describe(`Integration template "${name}" as the tenant configured it.`);
}

const oauth2 = z.strictObject({
  tokenUrl: httpUrl.describe(
    'Where a token is fetched, such as https://auth.mirakl.net/oauth/token.',
  ),
  clientId: secret,
  clientSecret: secret,
});

const acceptance = z
  .strictObject({
    policy: z
      .enum(['auto', 'manual', 'off'])
      .default('auto')
      .describe(
        'auto: lines are decided by the rules below. manual: a person decides each order. off: another system accepts.',
      ),
    priceTolerancePercent: z
      .number()
      .min(0)
      .max(100)
      .default(5)
      .describe('A line is held for a person when its price is this much below the offer.'),
    checkPrice: z
      .boolean()
      .default(true)
      .describe('Compare the price with the offer (one OF22 call per offer and hour).'),
    checkStock: z.boolean().default(true).describe('Accept only what the warehouse has available.'),
    onShortStock: z
      .enum(['refuse', 'hold', 'accept'])
      .default('refuse')
      .describe('What happens to a line that the warehouse cannot fill. hold: a person decides.'),
    onUnknownItem: z
      .enum(['refuse', 'hold'])
      .default('hold')
      .describe('What happens to a line whose SKU the warehouse does not know.'),
    windowHours: z
      .number()
      .positive()
      .max(720)
      .default(24)
      .describe(
        "The operator's acceptance window; it is not in the API. Orders are raised before it runs out.",
      ),
    warnBeforeHours: z
      .number()
      .positive()
      .max(240)
      .default(4)
      .describe('How long before the end of the window a waiting order is raised.'),
  })
  .prefault({});

const channelStock = z
  .strictObject({
    mode: z
      .enum(['publish', 'watch', 'off'])
      .default('publish')
      .describe(
        'publish: offers are kept at the right quantity. watch: worked out and compared, never sent. off: left alone.',
      ),
    publishSeconds: z
      .number()
      .int()
      .min(60)
      .max(86_400)
      .default(120)
      .describe('How often changed quantities are sent; the marketplace allows one file a minute.'),
    method: z
      .enum(['auto', 'STO01', 'OF01'])
      .default('auto')
      .describe(
        'STO01: stock import. OF01: offer import with quantities only, used after a trial showed that it leaves other fields alone. auto: STO01 where the operator has it, else OF01.',
      ),
    warehouseCode: z
      .string()
      .min(1)
      .optional()
      .describe('Written to warehouse-code, where the operator keeps stock per warehouse.'),
    linesPerImport: z
      .number()
      .int()
      .min(1)
      .max(1_000_000)
      .default(50_000)
      .describe('Most lines in one file; items near zero and reductions go first.'),
    sweepMinutes: z
      .number()
      .int()
      .min(5)
      .max(1440)
      .default(15)
      .describe('How often offers that changed on the marketplace are read.'),
    fullSweepHours: z
      .number()
      .int()
      .min(24)
      .max(168)
      .default(24)
      .describe('How often every offer is read; the operator allows once a day.'),
    unknownItems: z
      .enum(['zero', 'leave'])
      .default('zero')
      .describe('What happens to an offer whose SKU the warehouse does not have.'),
    massZeroPercent: z
      .number()
      .min(1)
      .max(100)
      .default(30)
      .describe(
        'More than this share of the offers with stock going to zero at once stops for a person.',
      ),
    massZeroLeast: z
      .number()
      .int()
      .min(1)
      .default(20)
      .describe('Fewer offers than this going to zero is never a mass change.'),
  })
  .prefault({})
  .describe('Quantities on this marketplace.');

const time = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'a time such as 14:00');
const day = z.iso.date('a day such as 2026-12-24');

const sla = z
  .strictObject({
    nation: z
      .enum(['ENG', 'SCT', 'WLS', 'NIR'])
      .default('ENG')
      .describe('Whose bank holidays count: England, Scotland, Wales or Northern Ireland.'),
    workingDays: z
      .array(z.number().int().min(1).max(7))
      .min(1)
      .default([1, 2, 3, 4, 5])
      .describe('Days on which the warehouse sends; 1 is Monday.'),
    closedDays: z.array(day).default([]).describe('Further days on which it does not.'),
    cutOff: time
      .default('14:00')
      .describe("Orders paid after this time count as the next working day's."),
    despatchWithinWorkingDays: z
      .number()
      .int()
      .min(0)
      .max(60)
      .optional()
      .describe(
        "The channel's own rule; the stricter of it and the marketplace's deadline counts.",
      ),
    confirmWithinMinutes: z
      .number()
      .int()
      .min(1)
      .max(10_080)
      .default(30)
      .describe('Despatched in the warehouse and not confirmed after this long is raised.'),
    stagesMinutes: z
      .array(z.number().int().min(0))
      .min(1)
      .default([1440, 240, 60, 0])
      .describe('How long before a deadline an order is raised; each stage once.'),
  })
  .prefault({})
  .describe('The clock of this channel.');

const channelDespatch = z
  .strictObject({
    mode: z
      .enum(['confirm', 'watch', 'off'])
      .default('confirm')
      .describe(
        'confirm: despatches are told to the marketplace. watch: collected and compared, never told. off: left alone.',
      ),
    withoutTracking: z
      .enum(['wait', 'send'])
      .default('wait')
      .describe(
        'A despatch without tracking number after trackingWaitMinutes: wait for it, or send without it where the shipping type allows.',
      ),
    trackingWaitMinutes: z
      .number()
      .int()
      .min(0)
      .max(10_080)
      .default(60)
      .describe('How long a tracking number may take to appear before that.'),
    partial: z
      .enum(['wait', 'first'])
      .default('wait')
      .describe(
        'Part of an order left, and the operator knows whole orders only: wait for the rest, or confirm with the first parcel.',
      ),
    trackingShapes: z
      .array(
        z.strictObject({
          carrier: z.string().min(1).describe('As the warehouse writes it.'),
          pattern: z.string().min(1).describe('Regular expression that a whole number matches.'),
        }),
      )
      .default([])
      .describe('What tracking numbers of a carrier look like; others are held back.'),
    verifyMinutes: z
      .number()
      .int()
      .min(1)
      .max(1440)
      .default(20)
      .describe('Told and not seen on the marketplace after this long is told again and raised.'),
    sla,
    withdrawals: z
      .enum(['off', 'propose', 'auto'])
      .default('propose')
      .describe(
        'Orders and units that the warehouse cancelled or sent short: left alone, proposed to a person, or cancelled and refunded on the marketplace.',
      ),
    cancelReason: z
      .string()
      .optional()
      .describe(
        'Reason code of such a cancellation; the first that the operator allows if absent.',
      ),
    refundReason: z
      .string()
      .optional()
      .describe('Reason code of such a refund; the first that the operator allows if absent.'),
  })
  .prefault({})
  .describe('Telling this marketplace of despatches.');

const channel = z.strictObject({
  id: id.describe(
    'Our short name of this marketplace connection; never changes once orders came in.',
  ),
  name: z.string().min(1).max(50).describe('Written to ChannelName of each sales order.'),
  kind: z.literal('mirakl').default('mirakl').describe('The platform that runs the marketplace.'),
  enabled: z
    .boolean()
    .default(true)
    .describe('false: this marketplace is left alone, as if it were not listed.'),
  url: httpUrl.describe(
    "The operator's host, such as https://operator.example; paths start at /api.",
  ),
  apiKey: secret
    .optional()
    .describe("The shop user's API key, sent as it is. Either apiKey or oauth2."),
  oauth2: oauth2.optional().describe('OAuth2 client credentials, for operators that ask for them.'),
  shopId: z
    .string()
    .regex(/^\d{1,18}$/, 'digits')
    .optional()
    .describe('Needed when the user has several shops; sent on every call when set.'),
  warehouse: id.describe('Which warehouse fills the orders of this channel.'),
  partnerClass: z
    .enum(['default', 'external'])
    .default('default')
    .describe(
      'external: the stricter ceilings that Mirakl sets for external partners (orders every 15 minutes).',
    ),
  paging: z
    .enum(['auto', 'offset', 'seek'])
    .default('auto')
    .describe('How lists of orders are paged. auto: as the answer offers.'),
  pollSeconds: z
    .number()
    .int()
    .min(15)
    .max(3600)
    .default(60)
    .describe('How often orders are polled; never faster than the ceiling of partnerClass.'),
  overlapSeconds: z
    .number()
    .int()
    .min(0)
    .max(86_400)
    .default(300)
    .describe(
      'How far back each poll reads again. Too small: late orders wait for the daily rescan.',
    ),
  rescanDays: z
    .number()
    .int()
    .min(1)
    .max(60)
    .default(3)
    .describe('How many days the daily rescan reads again.'),
  timeoutSeconds: z
    .number()
    .int()
    .min(1)
    .max(600)
    .default(60)
    .describe('How long an answer may take before the call counts as lost.'),
  acceptance,
  stock: channelStock,
  despatch: channelDespatch,
  salesOrderPrefix: z
    .string()
    .max(10)
    .default('')
    .describe('Put before the marketplace order id to make the SalesOrderNumber.'),
  sameSku: z
    .enum(['separate', 'merge'])
    .default('separate')
    .describe(
      'Several lines of one SKU in an order: kept apart by Line, or merged and split back.',
    ),
  shippingTypes: z
    .record(z.string(), z.string().min(1).max(100))
    .default({})
    .describe('Marketplace shipping type code to Peoplevox ServiceType.'),
  defaultServiceType: z
    .string()
    .max(100)
    .optional()
    .describe(
      'ServiceType for shipping types that are not listed; without it such an order waits for a person.',
    ),
  countries: z
    .array(z.string().regex(/^[A-Z]{3}$/, 'ISO alpha-3 such as GBR'))
    .min(1)
    .default(['GBR', 'IMN', 'JEY', 'GGY'])
    .describe('Countries that may be delivered to.'),
  countryForm: z
    .enum(['name', 'alpha2', 'alpha3'])
    .default('name')
    .describe('How the warehouse wants the country written.'),
  requirePhone: z
    .boolean()
    .default(false)
    .describe('Hold orders without a telephone number (some carriers insist).'),
  downloadOrigins: z
    .array(httpUrl)
    .default([])
    .describe(
      'Other hosts that order exports may be fetched from, such as https://files.operator.example (our key is not sent there)',
    ),
  writeBackReference: z
    .boolean()
    .default(true)
    .describe('Write the SalesOrderNumber to the marketplace order (OR04).'),
  totalTolerancePence: z
    .number()
    .int()
    .min(0)
    .default(1)
    .describe('How far line totals may differ from the order total before a person is asked.'),
});

const warehouseStock = z
  .strictObject({
    readSeconds: z
      .number()
      .int()
      .min(60)
      .max(86_400)
      .default(120)
      .describe('How often the stock is read.'),
    read: z
      .enum(['auto', 'full', 'changes'])
      .default('auto')
      .describe(
        'full: the whole report each time. changes: only what changed, and the whole report every fullReadMinutes. auto: full up to fullReadRows items, else changes where the tenant has that report.',
      ),
    fullReadRows: z
      .number()
      .int()
      .min(0)
      .default(100_000)
      .describe('Largest report that auto reads whole each time. Units: rows.'),
    fullReadMinutes: z
      .number()
      .int()
      .min(1)
      .max(10_080)
      .default(60)
      .describe('How often the whole report is read when changes are read in between.'),
    reportPageSize: z
      .number()
      .int()
      .min(0)
      .max(1000)
      .default(0)
      .describe('Rows of the stock report in one answer; 0 asks for all of them at once.'),
    lateMinutes: z
      .number()
      .int()
      .min(1)
      .max(10_080)
      .default(10)
      .describe('Stock not read for this long is raised.'),
    darkMinutes: z
      .number()
      .int()
      .min(1)
      .max(10_080)
      .default(45)
      .describe('Stock not read for this long is offered more carefully, step by step.'),
    decayStepMinutes: z
      .number()
      .int()
      .min(1)
      .max(10_080)
      .default(30)
      .describe('How long each step of that lasts.'),
    decayPercent: z
      .number()
      .min(0)
      .max(100)
      .default(25)
      .describe('Share of the units that each step withholds.'),
    decayThinUnits: z
      .number()
      .int()
      .min(0)
      .default(5)
      .describe('Items with no more units than this go to zero at the first step.'),
    massZeroPercent: z
      .number()
      .min(1)
      .max(100)
      .default(30)
      .describe(
        'A read in which more than this share of the items with stock has none stops for a person.',
      ),
    massZeroLeast: z
      .number()
      .int()
      .min(1)
      .default(20)
      .describe('Fewer items than this going to zero is never a mass change.'),
    stuckHours: z
      .number()
      .int()
      .min(1)
      .default(24)
      .describe('An order without reserved stock for this long is raised.'),
    allocatedStatuses: z
      .array(z.string().min(1))
      .default(['Allocated', 'Picking', 'Picked', 'Packed', 'Part despatched', 'Despatched'])
      .describe('Statuses at which the figures of the warehouse already include the order.'),
    events: z
      .boolean()
      .default(false)
      .describe(
        'Let Peoplevox call back when stock changes (needs service.callbacks); calls are hints, the stock is read again.',
      ),
    eventMethod: z
      .enum(['POST', 'GET'])
      .default('POST')
      .describe(
        'How Peoplevox calls back. POST: values in the body. GET: values in the query, where a # in an item code may be lost.',
      ),
  })
  .prefault({})
  .describe('How stock is read from this warehouse.');

const warehouseDespatch = z
  .strictObject({
    collectSeconds: z
      .number()
      .int()
      .min(10)
      .max(3600)
      .default(30)
      .describe('How often despatches are read.'),
    overlapMinutes: z
      .number()
      .int()
      .min(1)
      .max(1440)
      .default(60)
      .describe('How far back each reading goes; rows that are later still are found by number.'),
    firstHours: z
      .number()
      .int()
      .min(1)
      .max(720)
      .default(24)
      .describe('How far back the very first reading goes.'),
    sweepDays: z
      .number()
      .int()
      .min(1)
      .max(60)
      .default(5)
      .describe('How many days are read again once a day.'),
    rereadMinutes: z
      .number()
      .int()
      .min(1)
      .max(1440)
      .default(5)
      .describe('How often each open order is looked up by its number.'),
    trackingSeparators: z
      .string()
      .default('none')
      .describe(
        'Characters that part several tracking numbers in one field, such as ",;"; none: the field is one number.',
      ),
    splitSuffix: z
      .string()
      .refine(isPattern, 'a regular expression')
      .optional()
      .describe(
        'Regular expression of what the warehouse puts behind the number of an order that it splits, such as -\\d+.',
      ),
  })
  .prefault({})
  .describe('How despatches are read from this warehouse.');

const warehouse = z.strictObject({
  id: id.describe(
    'Our short name of this warehouse connection; never changes once orders went in.',
  ),
  kind: z.literal('peoplevox').default('peoplevox').describe('The warehouse management system.'),
  enabled: z
    .boolean()
    .default(true)
    .describe('false: this warehouse and every channel that it fills are left alone.'),
  url: httpUrl.describe(
    'Host of the tenant, such as https://wms.peoplevox.net; the client id is not part of it.',
  ),
  clientId: z.string().min(1).describe('Client id of the tenant, as in its web address.'),
  username: z
    .string()
    .min(1)
    .describe('The API user. One of its own, so that nobody else ends its session.'),
  password: secret,
  passwordEncoding: z
    .enum(['base64', 'plain'])
    .default('base64')
    .describe('plain in the US region.'),
  soapVersion: z.enum(['1.1', '1.2']).default('1.1').describe('Version of SOAP that is spoken.'),
  sites: z
    .array(z.string().min(1))
    .min(1)
    .default(['PrimarySite'])
    .describe('Sites whose stock may be sold. Never SystemSite.'),
  orderSite: z.string().optional().describe('Written to Site of each sales order when set.'),
  timeZone: timeZone
    .default('Europe/London')
    .describe('Zone of the dates in templates and reports.'),
  dateOrder: z
    .enum(['day-first', 'month-first'])
    .default('day-first')
    .describe('Which number comes first in dates that Peoplevox shows.'),
  sessionMinutes: z
    .number()
    .int()
    .min(1)
    .max(29)
    .default(25)
    .describe('Age at which a session is renewed; it dies at about 30.'),
  callsPerSecond: z
    .number()
    .positive()
    .max(15)
    .default(1)
    .describe('Most calls a second; one at a time in any case.'),
  templateTimeoutSeconds: z
    .number()
    .int()
    .min(1)
    .max(3600)
    .default(120)
    .describe('How long an answer about templates may take.'),
  reportTimeoutSeconds: z
    .number()
    .int()
    .min(1)
    .max(3600)
    .default(600)
    .describe('How long a report may take.'),
  rowsPerCall: z
    .number()
    .int()
    .min(1)
    .max(1000)
    .default(100)
    .describe('Most rows written in one call; 100 is what Peoplevox advises.'),
  pageSize: z.number().int().min(1).max(1000).default(1000).describe('Rows asked for in one page.'),
  templates: z
    .strictObject({
      salesOrders: template('Sales orders'),
      salesOrderItems: template('Sales order items'),
      itemTypes: template('Item types'),
      customers: template('Customers'),
      customerAddresses: template('Customer addresses'),
      serviceTypes: template('Service types'),
      sites: template('Sites'),
      itemTypeKittings: template('Item type kittings'),
    })
    .prefault({}),
  reports: z
    .strictObject({
      itemInventory: template('Item inventory summary'),
      incrementalChanges: template('Incremental Changes Report v1'),
      salesOrdersByStatus: template('Sales orders by status'),
      despatchSummary: template('Despatch summary'),
    })
    .prefault({}),
  stock: warehouseStock,
  despatch: warehouseDespatch,
  customer: z
    .strictObject({
      mode: z
        .enum(['channel', 'each', 'none'])
        .default('channel')
        .describe(
          'channel: one Peoplevox customer per channel. each: one per marketplace customer, made first. none: left out.',
        ),
      reference: z
        .string()
        .max(50)
        .optional()
        .describe('Customer reference in mode channel; default is the channel id in capitals.'),
      create: z
        .boolean()
        .default(false)
        .describe('Make the customer before the first order (tenants that validate it).'),
    })
    .prefault({}),
  paymentMethod: z
    .number()
    .int()
    .positive()
    .optional()
    .describe('Id of the Payment method written to each sales order.'),
  lineCancel: z
    .enum(['quantity', 'ask'])
    .default('quantity')
    .describe('A line cancelled before picking: lower its QuantityOrdered, or ask a person.'),
  allocate: z
    .boolean()
    .default(true)
    .describe('false: orders are saved without allocating stock (Action 1).'),
  sendEmail: z
    .boolean()
    .default(true)
    .describe(
      "Write the shopper's e-mail address to the sales order; the warehouse may mail to it.",
    ),
  attributes: z
    .partialRecord(
      z.enum(['Attribute1', 'Attribute2', 'Attribute3', 'Attribute4', 'Attribute5']),
      z.enum([
        'marketplaceOrderId',
        'commercialId',
        'channelId',
        'shippingTypeCode',
        'deliveryNote',
      ]),
    )
    .optional()
    .describe('What is written to the attributes of a sales order.'),
  verifyTimeoutMinutes: z
    .number()
    .int()
    .min(1)
    .max(1440)
    .default(15)
    .describe('An order that the warehouse took but does not show after this long is raised.'),
  pickingStatuses: z
    .array(z.string())
    .default(['Picking', 'Picked', 'Packed', 'Part despatched', 'Despatched'])
    .describe('Statuses from which a cancellation comes too late.'),
  statusNumbers: z
    .record(z.string().regex(/^\d+$/), z.string())
    .default({})
    .describe('Names of status numbers, for tenants that answer numbers.'),
});

export const settingsShape = z
  .strictObject({
    $schema: z.string().optional().describe('Where an editor finds the JSON Schema; ignored.'),
    service: z
      .strictObject({
        dataDir: z
          .string()
          .min(1)
          .default('.packhorse')
          .describe(
            'Where the service keeps its own PostgreSQL and lock; relative to the configuration file.',
          ),
        callbacks: z
          .strictObject({
            listen: z
              .string()
              .regex(/^[^\s:]*:\d{1,5}$/, 'host:port, such as 127.0.0.1:8080')
              .default('127.0.0.1:8080')
              .describe('Where the service listens for calls of the warehouse.'),
            publicUrl: httpUrl.describe(
              'How the warehouse reaches it, such as https://hooks.shop.example; https, since the path is the only secret.',
            ),
            token: z
              .string()
              .min(24)
              .describe('Secret: the unguessable part of the path. Give it as ${NAME}.'),
          })
          .optional()
          .describe('Set when warehouses call back (warehouses[].stock.events).'),
        logLevel: z
          .enum(['debug', 'info', 'warn', 'error', 'silent'])
          .default('info')
          .describe('How much is logged: JSON lines on standard error.'),
      })
      .prefault({}),
    database: z
      .strictObject({
        url: z
          .string()
          .regex(databaseUrlShape, 'a postgresql:// URL')
          .optional()
          .describe(
            'PostgreSQL to use. Without it (and without DATABASE_URL) the service starts its own.',
          ),
        poolSize: z
          .number()
          .int()
          .min(2)
          .max(200)
          .default(12)
          .describe('Most connections of one process, besides about 8 that its runtime keeps.'),
      })
      .prefault({}),
    channels: z.array(channel).min(1),
    warehouses: z.array(warehouse).min(1),
    cadences: z
      .strictObject({
        exportSeconds: z
          .number()
          .int()
          .min(1)
          .max(3600)
          .default(30)
          .describe(
            'How often the warehouse is told of orders and asked for them, when nothing wakes it sooner.',
          ),
        acceptSeconds: z
          .number()
          .int()
          .min(1)
          .max(3600)
          .default(60)
          .describe('How often orders that wait for acceptance are decided.'),
        referenceSeconds: z
          .number()
          .int()
          .min(60)
          .max(3600)
          .default(60)
          .describe('How often SalesOrderNumbers are written back; one call each time.'),
        rescanSeconds: z
          .number()
          .int()
          .min(3600)
          .max(172_800)
          .default(86_400)
          .describe('How often the orders of the last rescanDays are read again.'),
      })
      .prefault({}),
    policies: z
      .strictObject({
        retryFirstSeconds: z
          .number()
          .int()
          .min(1)
          .default(30)
          .describe('First wait after a failure; it doubles from there.'),
        retryMostSeconds: z
          .number()
          .int()
          .min(1)
          .default(1800)
          .describe('Longest wait between two tries.'),
        flowRetryFirstSeconds: z
          .number()
          .int()
          .min(1)
          .max(3600)
          .default(5)
          .describe('How soon a flow that failed runs again; doubles while it fails.'),
        flowRetryMostSeconds: z
          .number()
          .int()
          .min(1)
          .max(3600)
          .default(120)
          .describe(
            'Longest wait of a failing flow: how late work may resume after a vendor comes back.',
          ),
        keepCallsDays: z
          .number()
          .int()
          .min(1)
          .max(3650)
          .default(30)
          .describe('How long the journal of vendor calls is kept.'),
        itemFreshMinutes: z
          .number()
          .int()
          .min(1)
          .max(10_080)
          .default(240)
          .describe('How long a known ItemCode is trusted before the warehouse is asked again.'),
      })
      .prefault({}),
  })
  .superRefine((settings, context) => {
    const problem = (path: (string | number)[], message: string) =>
      context.addIssue({ code: 'custom', path, message });
    settings.channels.forEach((one, index) => {
      if (settings.channels.findIndex((other) => other.id === one.id) !== index)
        problem(['channels', index, 'id'], 'an id that no other channel has');
      if (!settings.warehouses.some((house) => house.id === one.warehouse))
        problem(
          ['channels', index, 'warehouse'],
          `one of: ${settings.warehouses.map((w) => w.id).join(', ')}`,
        );
      if ((one.apiKey === undefined) === (one.oauth2 === undefined))
        problem(['channels', index], 'exactly one of apiKey and oauth2');
    });
    settings.warehouses.forEach((one, index) => {
      if (one.stock.events && settings.service.callbacks === undefined)
        problem(['warehouses', index, 'stock', 'events'], 'true only with service.callbacks');
      if (one.stock.darkMinutes <= one.stock.lateMinutes)
        problem(['warehouses', index, 'stock', 'darkMinutes'], 'more than lateMinutes');
      if (settings.warehouses.findIndex((other) => other.id === one.id) !== index)
        problem(['warehouses', index, 'id'], 'an id that no other warehouse has');
      if (settings.channels.some((other) => other.id === one.id))
        problem(['warehouses', index, 'id'], 'an id that no channel has');
      one.sites.forEach((site, at) => {
        if (site.toLowerCase() === 'systemsite')
          problem(
            ['warehouses', index, 'sites', at],
            'any site but SystemSite, whose stock is never for sale',
          );
      });
    });
  });

/** The whole configuration after defaults. */
export type Settings = z.output<typeof settingsShape>;
/** One marketplace connection. */
export type ChannelSettings = Settings['channels'][number];
/** One warehouse connection. */
export type WarehouseSettings = Settings['warehouses'][number];

/** Key paths that hold secrets: their value in the file must be a reference to the environment. */
export const secretKeys: ReadonlySet<string> = new Set([
  'apiKey',
  'password',
  'clientSecret',
  'token',
]);

function isPattern(text: string): boolean {
  try {
    new RegExp(text);
    return true;
  } catch {
    return false;
  }
}

function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en-GB', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}
