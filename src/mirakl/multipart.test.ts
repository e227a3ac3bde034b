import { describe, expect, it } from 'vitest';
import { type FormPart, multipart } from './multipart.ts';

const file = (value: string): FormPart => {
  return { name: 'file', value, file: { name: 'stock.csv', contentType: 'text/csv' } };
};
const mode = { name: 'import_mode', value: 'NORMAL' };
const boundaryOf = (parts: FormPart[]) => /boundary=(.+)$/.exec(multipart(parts).contentType)![1]!;

describe('multipart', () => {
  it('is laid out part by part, lines ended by CR LF', () => {
    const { body } = multipart([mode, file('sku;quantity\nA;1\n')]);
    const mark = boundaryOf([mode, file('sku;quantity\nA;1\n')]);
    expect(Buffer.from(body).toString('utf8').split('\r\n')).toEqual([
      `--${mark}`,
      'Content-Disposition: form-data; name="import_mode"',
      '',
      'NORMAL',
      `--${mark}`,
      'Content-Disposition: form-data; name="file"; filename="stock.csv"',
      'Content-Type: text/csv',
      '',
      'sku;quantity\nA;1\n',
      `--${mark}--`,
      '',
    ]);
  });

  it.each(['', '\r\n', 'a\r\n--packhorse-0\r\nb', 'Größe;"1"\n', '--'])(
    'another reader finds the same file in it: %j',
    async (value) => {
      const { body, contentType } = multipart([mode, file(value)]);
      const response = new Response(body as Uint8Array<ArrayBuffer>, {
        headers: { 'content-type': contentType },
      });
      const form = await response.formData();
      expect(form.get('import_mode')).toBe('NORMAL');
      const found = form.get('file') as File;
      expect([found.name, found.type, await found.text()]).toEqual([
        'stock.csv',
        'text/csv',
        value,
      ]);
    },
  );

  it('another content has another boundary, the same content the same', () => {
    expect(boundaryOf([file('A;1')])).toBe(boundaryOf([file('A;1')]));
    expect(boundaryOf([file('A;1')])).not.toBe(boundaryOf([file('A;2')]));
  });

  it('a content that holds the boundary of another form is no danger', () => {
    const former = boundaryOf([file('A;1')]);
    expect(boundaryOf([file(`--${former}--`)])).not.toBe(former);
  });
});
