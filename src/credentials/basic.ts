/**
 * Credentials of the Basic scheme (RFC 7617), read strictly: the value of
 * Proxy-Authorization in, a name and a password out. Nothing is trimmed, folded
 * or guessed; what is not UTF-8 (Latin-1 from an old client) is no one's password.
 */

export interface BasicCredentials {
  readonly name: string;
  readonly password: string;
}

/** Room for 128 characters of a name, 256 of a password or 512 of a token, four bytes each at most. */
const CREDENTIALS_BYTES_MAX = 128 * 4 + 1 + 1024;

const BASE64_CHARACTERS_MAX = Math.ceil(CREDENTIALS_BYTES_MAX / 3) * 4;

/** RFC 9110 §11.4: a scheme in any case, spaces, then token68; of that the standard alphabet only. */
const BASIC = /^basic +([A-Za-z0-9+/]+={0,2})$/i;

/** More than one space is allowed and seen nowhere; a line of them would be. */
const CHARACTERS_MAX = BASE64_CHARACTERS_MAX + 16;

const CONTROL = /\p{Cc}/u;

/** A mark at the start is a character of the name, not one about the encoding. */
const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Undefined: another scheme, or not what RFC 7617 describes. */
export function parseBasic(proxyAuthorization: string): BasicCredentials | undefined {
  if (proxyAuthorization.length > CHARACTERS_MAX) return undefined;
  const base64 = BASIC.exec(proxyAuthorization)?.[1];
  if (base64 === undefined) return undefined;
  const text = decode(base64);
  if (text === undefined || CONTROL.test(text)) return undefined;
  // RFC 7617 §2: the first colon ends the user-id, and the password may hold more.
  const colon = text.indexOf(":");
  if (colon < 0) return undefined;
  return { name: text.slice(0, colon), password: text.slice(colon + 1) };
}

/** RFC 4648 §3: padded, and with no stray bits, so that nothing has two spellings. */
function decode(base64: string): string | undefined {
  try {
    return utf8.decode(Uint8Array.fromBase64(base64, { lastChunkHandling: "strict" }));
  } catch {
    return undefined;
  }
}
