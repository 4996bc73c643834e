/**
 * May a request whose upstream connection died be sent once more? What may have
 * had an effect is never repeated behind the client's back.
 *
 * The rules, in order; the first that applies decides:
 *   1. it was sent again already                          no
 *   2. a byte of an answer has come                       no
 *   3. its body is gone, passed on as it came             no
 *   4. nothing of it was sent                             yes
 *   5. the connection was new                             no (the peer read it, then died)
 *   6. its method is idempotent (RFC 9110 §9.2.2)         yes
 *   7. anything else                                      no
 */
export interface AttemptFacts {
  readonly method: string;
  /** The connection had served an exchange before: it may have died of idleness. */
  readonly reused: boolean;
  readonly wasSent: boolean;
  /** Some of the body was passed on and is not in our hands any more. */
  readonly bodyGone: boolean;
  readonly answerBegan: boolean;
  readonly retries: number;
}

export function decideRetry(facts: AttemptFacts): boolean {
  if (facts.retries > 0 || facts.answerBegan || facts.bodyGone) return false;
  if (!facts.wasSent) return true;
  return facts.reused && IDEMPOTENT.has(facts.method);
}

const IDEMPOTENT: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"]);
