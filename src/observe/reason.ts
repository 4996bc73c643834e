/**
 * Why the gate refused something, or would have: the log's `reason`, the metrics'
 * label and a part of the answer. `rule` and `default` are the policy's own word;
 * the rest says what stood against it.
 */

export type Reason = (typeof reasonWords)[number];

export const reasonWords = [
  "rule",
  "default",
  "credentials_missing",
  "credentials_wrong",
  "token_expired",
  "address",
  "sni_mismatch",
  "sni_missing",
  "not_tls",
  "content_type",
  "content_extension",
  "content_size",
  "limit",
  "banned",
  "overload",
] as const;
