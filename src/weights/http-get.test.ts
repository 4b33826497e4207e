import { expect, test } from 'vitest';
import { DownloadFailure, networkFailure, redirected } from './http-get.js';

const https = new URL('https://a.org/folder/file');

test.each([
  ['https://b.org/x', 'https://b.org/x'],
  ['/x', 'https://a.org/x'],
  ['x', 'https://a.org/folder/x'],
  ['//b.org/x', 'https://b.org/x'],
])('from https to %s', (location, address) => {
  expect(redirected(https, location).href).toBe(address);
});

test.each(['http://a.org/folder/file', 'http://me:secret@b.org/', 'ftp://a.org/', 'data:,x'])(
  'never from https to %s',
  (location) => {
    expect(() => redirected(https, location)).toThrow(/^it redirects from https to \S+, which is not safe$/);
    expect(() => redirected(https, location)).not.toThrow(/secret/);
  },
);

test('from http to https is an improvement', () => {
  expect(redirected(new URL('http://a.org/x'), 'https://a.org/x').href).toBe('https://a.org/x');
});

test('a certificate that is not trusted does not get better by trying again', () => {
  const error = Object.assign(new Error('self-signed certificate in certificate chain'), {
    code: 'SELF_SIGNED_CERT_IN_CHAIN',
  });
  const failure = networkFailure(error, https, {});
  expect(failure).toBeInstanceOf(DownloadFailure);
  expect(failure.isFinal).toBe(true);
  expect(failure.message).toMatch(/its certificate is not trusted \(self-signed .*NODE_EXTRA_CA_CERTS/);
});

test('a broken connection may get better', () => {
  const closed = Object.assign(new Error('other side closed'), { code: 'UND_ERR_SOCKET' });
  const failure = networkFailure(closed, https, { HTTPS_PROXY: 'me:secret@p:1' });
  expect(failure.isFinal).toBe(false);
  expect(failure.message).toBe(
    'no connection or a broken one (other side closed) through the proxy http://p:1/',
  );
});

test("other errors are not the network's", () => {
  expect(() => networkFailure(new RangeError('mine'), https, {})).toThrow(RangeError);
});
