/**
 * What a cache knows of status codes (RFC 9110 §15).
 */

/**
 * Those whose meaning for a cache is known here (RFC 9111 §5.2.2.3). 206 is: parts are kept as
 * parts. 304 is: it never is an answer of its own.
 */
const UNDERSTOOD = new Set([
  200, 201, 202, 203, 204, 205, 206, 300, 301, 302, 303, 304, 305, 307, 308, 400, 401, 402, 403, 404, 405,
  406, 407, 408, 409, 410, 411, 412, 413, 414, 415, 416, 417, 421, 422, 426, 451, 500, 501, 502, 503, 504,
  505,
]);

/**
 * Never kept, whatever they say. 304, 412 and 416 answer a condition or a range of one request; 407 is
 * for one connection; of 428, 429, 431 and 511 RFC 6585 §3 to §6 says so.
 */
const NEVER_KEPT = new Set([304, 407, 412, 416, 428, 429, 431, 511]);

/** Whether an answer with this status can be stored at all; an interim one can't (RFC 9111 §3). */
export function mayBeKept(status: number): boolean {
  return status >= 200 && !NEVER_KEPT.has(status);
}

export function isUnderstood(status: number): boolean {
  return UNDERSTOOD.has(status);
}
