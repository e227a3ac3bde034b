/** A marketplace order in our words. State words, codes and texts are verbatim from the wire; enumerations
 *  are open, so each is a string. Empty text is null. Source: OR11, which OR15's files repeat. */
import type { DecimalText } from '../money.ts';

export type MarketplaceOrder = {
  marketplaceOrderId: string;
  /** The shopper's basket; one basket gives one order per shop. */
  commercialId: string;
  state: string;
  stateReasonCode: string | null;
  stateReasonLabel: string | null;
  /** Ordered as on the wire. Line ids are unique within the order; shop SKUs are not. */
  lines: MarketplaceOrderLine[];
  customer: Customer;
  /** Null until acceptance or until SHIPPING on most operators. */
  shippingAddress: Address | null;
  billingAddress: Address | null;
  references: { forCustomer: string | null; forSeller: string | null };
  channelCode: string | null;
  createdAt: Date;
  updatedAt: Date;
  /** Null when nobody decided: not yet, or accepted automatically. */
  acceptanceDecisionDate: Date | null;
  shippingDeadline: Date | null;
  deliveryWindow: { earliest: Date | null; latest: Date | null } | null;
  customerDebitedAt: Date | null;
  /** ISO 4217. */
  currency: string;
  /** `TAX_INCLUDED` or `TAX_EXCLUDED`: says what every price of this order means. */
  taxMode: string | null;
  paymentWorkflow: string | null;
  paymentType: string | null;
  transactionNumber: string | null;
  transactionDate: Date | null;
  /** Sum of the lines' goods. */
  price: DecimalText;
  shippingPrice: DecimalText;
  /** Goods and shipping. Canceled lines are already taken off; refused ones are not. */
  totalPrice: DecimalText;
  totalCommission: DecimalText | null;
  totalDeducedAmount: DecimalText | null;
  shippingTypeCode: string | null;
  shippingTypeLabel: string | null;
  shippingTypeStandardCode: string | null;
  shippingZoneCode: string | null;
  shippingZoneLabel: string | null;
  shippingCarrierCode: string | null;
  shippingCarrierStandardCode: string | null;
  /** The carrier's name as text. */
  shippingCompany: string | null;
  shippingTracking: string | null;
  shippingTrackingUrl: string | null;
  /** The collection point, when the shopper chose one. */
  shippingPudoId: string | null;
  fulfilmentCentreCode: string | null;
  orderTaxes: OrderTax[];
  orderRefunds: { orderRefundId: string; taxes: OrderTax[] }[];
  additionalFields: AdditionalField[];
  quoteId: string | null;
  canCancel: boolean;
  canShopShip: boolean;
  hasIncident: boolean;
  hasCustomerMessage: boolean;
  hasInvoice: boolean;
  fullyRefunded: boolean;
  customerDirectlyPaysSeller: boolean;
};

export type MarketplaceOrderLine = {
  orderLineId: string;
  /** Place in the order as the marketplace counts, or null. */
  index: number | null;
  /** Not to be inferred from the order's state. */
  state: string;
  reasonCode: string | null;
  reasonLabel: string | null;
  /** Our SKU on the marketplace. */
  offerSku: string;
  /** The operator's own product id. */
  productSku: string | null;
  /** Our SKU of the product, where products and offers differ. */
  productShopSku: string | null;
  offerId: string | null;
  /** Condition code of the offer; 11 is new on most instances. */
  offerStateCode: string | null;
  title: string | null;
  description: string | null;
  categoryCode: string | null;
  categoryLabel: string | null;
  /** Units ordered and not canceled. */
  quantity: number;
  /** Goods of the whole line. */
  price: DecimalText;
  unitPrice: DecimalText;
  /** Before promotions and discounts; null when the operator does not tell. */
  originUnitPrice: DecimalText | null;
  shippingPrice: DecimalText;
  /** Goods and shipping of the line. */
  totalPrice: DecimalText;
  /** The operator's fee without its tax; null where the model has none. */
  commission: DecimalText | null;
  commissionTaxes: Tax[];
  /** Fee and its tax. */
  totalCommission: DecimalText | null;
  fees: CodedAmount[];
  taxes: Tax[];
  shippingTaxes: Tax[];
  taxLegalNotice: string | null;
  promotions: Promotion[];
  cancelations: Cancelation[];
  refunds: Refund[];
  additionalFields: AdditionalField[];
  /** Our warehouse that the goods are sent from, as the marketplace knows it. */
  warehouseCode: string | null;
  canRefund: boolean;
  createdAt: Date | null;
  updatedAt: Date | null;
  debitedAt: Date | null;
  shippedAt: Date | null;
  receivedAt: Date | null;
};

/** Who bought. Before acceptance much of it may be null. */
export type Customer = Contact & {
  organisation: {
    organisationId: string | null;
    name: string | null;
    identificationNumber: string | null;
    taxIdentificationNumber: string | null;
  } | null;
  accountingContact: Contact | null;
  deliveryContact: Contact | null;
  /** An alias of the marketplace that takes no answers, never the shopper's own. */
  notificationEmail: string | null;
};

export type Contact = {
  customerId: string | null;
  civility: string | null;
  firstName: string | null;
  lastName: string | null;
  locale: string | null;
};

/** All verbatim free text. Never an object of nothing but nulls: that is a null address. */
export type Address = {
  civility: string | null;
  firstName: string | null;
  lastName: string | null;
  company: string | null;
  company2: string | null;
  street1: string | null;
  /** May repeat `street1`. */
  street2: string | null;
  city: string | null;
  state: string | null;
  zipCode: string | null;
  /** A label in the operator's language. */
  country: string | null;
  /** ISO 3166-1 alpha-3. */
  countryIsoCode: string | null;
  phone: string | null;
  phoneSecondary: string | null;
  /** A note for the delivery; on shipping addresses only. */
  additionalInfo: string | null;
};

export type CodedAmount = { code: string; amount: DecimalText };

export type Tax = CodedAmount & {
  /** Per cent. */
  rate: DecimalText | null;
  /** `NONE`: refunds and cancelations must restate the tax. `PROPORTIONAL_TO_AMOUNT`: Mirakl computes it. */
  calculationRule: string | null;
};

export type OrderTax = { code: string; rate: DecimalText | null; totalAmount: DecimalText };

export type Promotion = {
  promotionId: string;
  promoCode: string | null;
  /** Already taken off the line's price. */
  deducedAmount: DecimalText;
  isApportioned: boolean;
};

/** What cancelations and refunds share. Amounts are for all units together. */
export type Reversal = {
  /** Null when only an amount was given; never money by itself. */
  quantity: number | null;
  amount: DecimalText | null;
  shippingAmount: DecimalText | null;
  reasonCode: string | null;
  /** The operator's fee given back, without and with its tax. */
  commissionAmount: DecimalText | null;
  commissionTotalAmount: DecimalText | null;
  commissionTaxes: Tax[];
  taxes: Tax[];
  shippingTaxes: Tax[];
  fees: CodedAmount[];
  createdAt: Date | null;
};

export type Cancelation = Reversal & { cancelationId: string };

export type Refund = Reversal & {
  refundId: string;
  /** Groups the refunds of one request. */
  orderRefundId: string | null;
  /** `WAITING_REFUND_TAX_CONFIRMATION`, `WAITING_REFUND`, `WAITING_REFUND_PAYMENT`, `REFUNDED`, or newer. */
  state: string | null;
  transactionNumber: string | null;
  transactionDate: Date | null;
};

/** A custom field. Decimals and dates stay text; a list holds texts; null is "no value". */
export type AdditionalField = {
  code: string;
  /** `STRING`, `NUMERIC`, `MULTIPLE_VALUES_LIST`, ...; older operators leave it out. */
  type: string | null;
  value: string | number | boolean | string[] | null;
};
