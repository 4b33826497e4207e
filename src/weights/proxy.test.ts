import { expect, test } from 'vitest';
import { type Environment, proxyFor, withoutCredentials } from './proxy.js';

const both = { HTTPS_PROXY: 'http://secure:1', HTTP_PROXY: 'http://plain:2' };

test.each<[string, string, Environment, string | undefined]>([
  ['https has its own', 'https://a.org/f', both, 'http://secure:1/'],
  ['http has its own', 'http://a.org/f', both, 'http://plain:2/'],
  ['https falls back', 'https://a.org/f', { HTTP_PROXY: 'http://plain:2' }, 'http://plain:2/'],
  ['http does not fall back', 'http://a.org/f', { HTTPS_PROXY: 'http://secure:1' }, undefined],
  ['no variables', 'https://a.org/f', {}, undefined],
  ['empty ones', 'https://a.org/f', { https_proxy: '', HTTP_PROXY: '' }, undefined],
  ['small letters win', 'http://a.org/f', { ...both, http_proxy: 'http://small:3' }, 'http://small:3/'],
  ['without a scheme', 'http://a.org/f', { http_proxy: 'proxy.local:3128' }, 'http://proxy.local:3128/'],
  ['an https proxy', 'http://a.org/f', { http_proxy: 'https://p:9' }, 'https://p:9/'],
])('%s', (_, address, environment, proxy) => {
  expect(proxyFor(new URL(address), environment)?.href).toBe(proxy);
});

test.each<[string, string, boolean]>([
  ['https://a.org/f', 'a.org', true],
  ['https://a.org/f', 'b.org, A.ORG', true],
  ['https://a.org/f', 'b.org a.org', true],
  ['https://www.a.org/f', 'a.org', true],
  ['https://www.a.org/f', '.a.org', true],
  ['https://www.a.org/f', '*.a.org', true],
  ['https://nota.org/f', 'a.org', false],
  ['https://a.org/f', 'www.a.org', false],
  ['https://a.org/f', 'a.org:443', true],
  ['https://a.org/f', 'a.org:80', false],
  ['http://127.0.0.1:8080/f', '127.0.0.1:8080', true],
  ['http://[::1]:8080/f', '[::1]:8080', true],
  ['https://a.org/f', '*', true],
  ['https://a.org/f', ' , ', false],
  ['https://a.org/f', '.', false],
])('%s with NO_PROXY=%s', (address, noProxy, isDirect) => {
  const proxy = proxyFor(new URL(address), { ...both, NO_PROXY: noProxy });
  expect(proxy === undefined).toBe(isDirect);
});

test('what is no http proxy is refused without repeating it, since it may hold a password', () => {
  const environment = { HTTPS_PROXY: 'socks5://me:secret@proxy:1080' };
  expect(() => proxyFor(new URL('https://a.org/'), environment)).toThrow(
    /^HTTPS_PROXY is not the address of an http or https proxy$/,
  );
});

test('addresses in messages are without credentials', () => {
  expect(withoutCredentials(new URL('http://me:secret@proxy:80/'))).toBe('http://proxy/');
});
