/** From a checked config to what the hot path reads: worked out once for every config. */
import type { Config, HostPort } from "../config/schema.ts";
import type { OwnAddresses } from "../policy/destination.ts";
import type { HostList } from "../policy/host-list.ts";
import { Policy } from "../policy/rules/policy.ts";
import { cachingOf } from "./cache/caching.ts";
import type { Authentication, ListenerSettings, PolicyPlaces, Settings } from "./context.ts";
import { identityOf } from "./message/identity.ts";
import { Routing } from "./routing.ts";

/** What a worker is told besides the config. */
export interface Surroundings {
  readonly own: OwnAddresses;
  /** By position in `config.listeners`. */
  readonly ports: readonly number[];
  readonly places: readonly number[];
  readonly policyPlaces: PolicyPlaces;
  readonly lists: ReadonlyMap<string, HostList>;
  /** There is somebody who could log in. */
  readonly hasAccounts: boolean;
  /** What `via.mode: on` calls this machine. */
  readonly hostName: string;
}

export function settingsOf(config: Config, surroundings: Surroundings): Settings {
  const { own, places, policyPlaces, lists, hostName } = surroundings;
  const { headBytes, uriBytes, headerCount } = config.limits;
  const identity = identityOf(config, hostName);
  return {
    config,
    headLimits: { headBytes, uriBytes, headerCount },
    viaLines: identity.viaLines,
    own,
    policy: new Policy(config.policy, listenersByPlace(config, places), lists),
    caching: cachingOf(config),
    routing: new Routing(config),
    authentication: surroundings.hasAccounts ? authenticationOf(config) : undefined,
    identity,
    listeners: listenerSettings(config, surroundings),
    places: policyPlaces,
    hasRules: config.policy.rules.length > 0 || config.policy.default === "deny",
  };
}

/**
 * The same config after accounts or lists have changed; its policy stays, and is
 * given new lists apart. They are other settings, so that connections log in anew.
 */
export function renewSettings(
  settings: Settings,
  { policyPlaces, hasAccounts }: Pick<Surroundings, "policyPlaces" | "hasAccounts">,
): Settings {
  const authentication = hasAccounts ? authenticationOf(settings.config) : undefined;
  return { ...settings, authentication, places: policyPlaces };
}

function authenticationOf({ authentication }: Config): Authentication {
  const { mode, delay, realm } = authentication;
  const quoted = realm.replace(/["\\]/g, "\\$&");
  return { mode, delay, challenge: `Proxy-Authenticate: Basic realm="${quoted}", charset="UTF-8"\r\n` };
}

/** As configured: what rules name. */
function listenersByPlace({ listeners }: Config, places: readonly number[]): string[] {
  const texts: string[] = [];
  for (const [index, { address }] of listeners.entries()) texts[places[index] ?? index] = textOf(address);
  return Array.from(texts, (text) => text ?? "");
}

function listenerSettings({ listeners }: Config, { ports, places }: Surroundings): ListenerSettings[] {
  const settings: ListenerSettings[] = [];
  for (const [index, { address, mode }] of listeners.entries()) {
    const port = ports[index] ?? address.port;
    settings[places[index] ?? index] = {
      address: textOf({ host: address.host, port }),
      port,
      mode,
    };
  }
  return settings;
}

function textOf({ host, port }: HostPort): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}
