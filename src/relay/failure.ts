/**
 * Everything that can go wrong with an exchange, in one table, keyed by the
 * error words of RFC 9209 §2.3: the status that the client is told, whom to
 * blame, and whether it may be tried again. The same word is the metric's
 * label, the log's field and the `Proxy-Status` of the answer.
 */
import type { FailureWord } from "../observe/failure-word.ts";
import type { Reason } from "../observe/reason.ts";

export interface FailureRow {
  readonly status: number;
  readonly blame: "client" | "upstream" | "proxy";
  /** `if-safe`: as `upstream/retry.ts` decides. */
  readonly retry: "never" | "if-safe";
}

export interface Failure {
  readonly word: FailureWord;
  /** For people: what happened, without a period. Never holds a secret. */
  readonly detail: string;
  /** Where the row's status is too general. */
  readonly status?: number;
  /** It is the gate that said no. */
  readonly refusal?: Refusal;
}

/** What a client that the gate refuses is told besides, and the log. */
export interface Refusal {
  readonly reason: Reason;
  /** The rule, or the limit, that stands against it; undefined where there is none to name. */
  readonly rule: string | undefined;
  readonly list?: string | undefined;
  /** Cut without a word. */
  readonly isReset?: boolean;
  /** Whole lines with their CRLF. */
  readonly fields?: string;
  /** The same request may pass later, or with other credentials. */
  readonly mayRetry: boolean;
}

export const failures: Record<FailureWord, FailureRow> = {
  dns_timeout: { status: 504, blame: "upstream", retry: "never" },
  dns_error: { status: 502, blame: "upstream", retry: "never" },
  destination_not_found: { status: 500, blame: "proxy", retry: "never" },
  destination_unavailable: { status: 503, blame: "upstream", retry: "never" },
  destination_ip_prohibited: { status: 403, blame: "client", retry: "never" },
  destination_ip_unroutable: { status: 502, blame: "upstream", retry: "never" },
  connection_refused: { status: 502, blame: "upstream", retry: "never" },
  connection_terminated: { status: 502, blame: "upstream", retry: "if-safe" },
  connection_timeout: { status: 504, blame: "upstream", retry: "never" },
  connection_read_timeout: { status: 504, blame: "upstream", retry: "never" },
  connection_write_timeout: { status: 504, blame: "upstream", retry: "never" },
  connection_limit_reached: { status: 503, blame: "proxy", retry: "never" },
  tls_protocol_error: { status: 502, blame: "upstream", retry: "never" },
  tls_certificate_error: { status: 502, blame: "upstream", retry: "never" },
  tls_alert_received: { status: 502, blame: "upstream", retry: "never" },
  http_request_error: { status: 400, blame: "client", retry: "never" },
  http_request_denied: { status: 403, blame: "client", retry: "never" },
  http_response_incomplete: { status: 502, blame: "upstream", retry: "never" },
  http_response_header_section_size: { status: 502, blame: "upstream", retry: "never" },
  http_response_header_size: { status: 502, blame: "upstream", retry: "never" },
  http_response_body_size: { status: 502, blame: "upstream", retry: "never" },
  http_response_trailer_section_size: { status: 502, blame: "upstream", retry: "never" },
  http_response_trailer_size: { status: 502, blame: "upstream", retry: "never" },
  http_response_transfer_coding: { status: 502, blame: "upstream", retry: "never" },
  http_response_content_coding: { status: 502, blame: "upstream", retry: "never" },
  http_response_timeout: { status: 504, blame: "upstream", retry: "never" },
  http_upgrade_failed: { status: 502, blame: "upstream", retry: "never" },
  http_protocol_error: { status: 502, blame: "upstream", retry: "never" },
  proxy_internal_response: { status: 502, blame: "proxy", retry: "never" },
  proxy_internal_error: { status: 500, blame: "proxy", retry: "never" },
  proxy_configuration_error: { status: 500, blame: "proxy", retry: "never" },
  proxy_loop_detected: { status: 508, blame: "client", retry: "never" },
};

export function statusOf(failure: Failure): number {
  return failure.status ?? failures[failure.word].status;
}

/** What a failed connect is called; the code is the system's. */
export function dialFailure(code: string, peer: string): Failure {
  switch (code) {
    case "ECONNREFUSED":
      return { word: "connection_refused", detail: `${peer} refused the connection` };
    case "ETIMEDOUT":
      return { word: "connection_timeout", detail: `${peer} did not answer in time` };
    case "ENETUNREACH":
    case "EHOSTUNREACH":
    case "EADDRNOTAVAIL":
    case "EAFNOSUPPORT":
      return { word: "destination_ip_unroutable", detail: `No way to ${peer} (${code})` };
    case "EMFILE":
    case "ENFILE":
    case "ENOBUFS":
      return { word: "connection_limit_reached", detail: `The proxy is out of descriptors (${code})` };
    default:
      return { word: "connection_terminated", detail: `Connecting to ${peer} failed (${code})` };
  }
}
