/**
 * @file Which proxy leads to an address, by the environment variables that other programs honour too. Decided here and
 * not in undici, whose own agent for it warns users on every run that it is experimental, and cannot tell messages which
 * proxy was used.
 */

/** Environment variables, as `process.env` has them. */
export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * `HTTPS_PROXY` for https, `HTTP_PROXY` for http and as a fallback for https, none for hosts in `NO_PROXY`; names in small
 * letters come first. A host in `NO_PROXY` includes its subdomains and may have a port; `*` is all hosts.
 *
 * @returns undefined to connect directly.
 * @throws TypeError when the variable holds no http or https address.
 */
export function proxyFor(address: URL, environment: Environment): URL | undefined {
  const name =
    address.protocol === 'https:' && read(environment, 'https_proxy') ? 'https_proxy' : 'http_proxy';
  const value = read(environment, name);
  if (!value || isDirect(address, read(environment, 'no_proxy') ?? '')) return undefined;
  const text = value.includes('://') ? value : `http://${value}`;
  const proxy = URL.canParse(text) ? new URL(text) : undefined;
  if (proxy?.protocol !== 'http:' && proxy?.protocol !== 'https:') {
    throw new TypeError(`${name.toUpperCase()} is not the address of an http or https proxy`);
  }
  return proxy;
}

function read(environment: Environment, name: string): string | undefined {
  return environment[name] ?? environment[name.toUpperCase()];
}

const DEFAULT_PORTS: Readonly<Record<string, string>> = { 'http:': '80', 'https:': '443' };

function isDirect({ protocol, hostname, port }: URL, noProxy: string): boolean {
  return noProxy.split(/[\s,]+/).some((entry) => {
    if (entry === '*') return true;
    const [, host = '', entryPort] = /^(\[.*\]|[^:]*)(?::(\d+))?$/.exec(entry) ?? [];
    const name = host.toLowerCase().replace(/^\*?\./, '');
    if (name === '' || (entryPort && entryPort !== (port || DEFAULT_PORTS[protocol]))) return false;
    return hostname === name || hostname.endsWith(`.${name}`);
  });
}

/** An address fit for messages: without user name and password. */
export function withoutCredentials(address: URL): string {
  const copy = new URL(address);
  copy.username = '';
  copy.password = '';
  return copy.href;
}
