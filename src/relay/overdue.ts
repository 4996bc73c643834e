/** What it means that an exchange has waited too long, by what it waited for: a counter, and what the client is told. */
import { cells } from "../observe/cells.ts";
import type { Failure } from "./failure.ts";

export type Wait =
  | "connection"
  /** Of the request, from the client. */
  | "request_body"
  /** For the upstream to take more of the request. */
  | "upstream_room"
  | "first_byte"
  /** Of the answer, from the upstream. */
  | "answer_body"
  /** For the client to take more of the answer. */
  | "client_room";

interface Overdue {
  readonly cell: number;
  /** `upstream` is its authority. Undefined: nobody but the client is to blame, and it can't be told. */
  failure(upstream: string): Failure | undefined;
}

const { limitReached } = cells;

export const overdue: Record<Wait, Overdue> = {
  connection: {
    cell: limitReached.timeout_connect,
    failure: (upstream) => ({
      word: "connection_timeout",
      detail: `${upstream} did not accept a connection in time`,
    }),
  },
  request_body: {
    cell: limitReached.timeout_body,
    failure: () => ({ word: "http_request_error", detail: "The request's body stood still", status: 408 }),
  },
  upstream_room: {
    cell: limitReached.timeout_body,
    failure: (upstream) => ({
      word: "connection_write_timeout",
      detail: `${upstream} did not take the request's body`,
    }),
  },
  first_byte: {
    cell: limitReached.timeout_first_byte,
    failure: (upstream) => ({ word: "http_response_timeout", detail: `${upstream} did not answer in time` }),
  },
  answer_body: {
    cell: limitReached.timeout_body,
    failure: () => ({ word: "connection_read_timeout", detail: "The answer's body stood still" }),
  },
  client_room: {
    cell: limitReached.timeout_body,
    failure: () => undefined,
  },
};
