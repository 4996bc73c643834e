import { describe, expect } from "bun:test";
import { head, transcript } from "../support/relay.ts";

const HOST = "Host: a.example";
const GET = head("GET http://a.example/ HTTP/1.1", HOST);
const POST = head("POST http://a.example/ HTTP/1.1", HOST, "Content-Length: 9");
const OK = head("HTTP/1.1 200 OK", "Content-Length: 5");

describe("a client that is gone is on record once, and its upstream is let go of", () => {
  for (const how of ["closes", "resets"] as const) {
    transcript(`${how} within a head`, (relay) => {
      const client = relay.client();
      client.says(GET.slice(0, 9));
      client[how]();

      expect(relay.records.map(({ status, method }) => [status, method])).toEqual([[0, ""]]);
    });

    transcript(`${how} while its name is looked up`, async (relay) => {
      const { promise, resolve } = Promise.withResolvers<never>();
      relay.names.set("a.example", promise);
      const client = relay.client();
      client.says(GET);
      client[how]();
      resolve({ ok: true, addresses: ["1.0.2.1"] } as never);
      await promise;

      expect(relay.told()).toEqual([]);
      expect(relay.records.map(({ status }) => status)).toEqual([0]);
    });

    transcript(`${how} while its upstream is dialled`, (relay) => {
      const client = relay.client();
      client.says(GET);
      client[how]();

      expect(relay.told().at(-1)).toBe("dial cancelled");
      expect(relay.records.map(({ status }) => status)).toEqual([0]);
    });

    transcript(`${how} within its body`, (relay) => {
      const { client, upstream } = relay.exchange(POST);
      client.says("abc");
      client[how]();

      expect(upstream.isClosed).toBe(true);
      expect(relay.told().at(-1)).toBe("upstream destroy");
      expect(relay.records.map(({ status }) => status)).toEqual([0]);
    });

    transcript(`${how} before its answer`, (relay) => {
      const { client, upstream } = relay.exchange(GET);
      client[how]();

      expect(upstream.isClosed).toBe(true);
      expect(relay.records.map(({ status, failure }) => [status, failure])).toEqual([[0, undefined]]);
    });

    transcript(`${how} within its answer`, (relay) => {
      const { client, upstream } = relay.exchange(GET);
      upstream.says(`${OK}ab`);
      client[how]();

      expect(upstream.isClosed).toBe(true);
      expect(relay.records.map(({ status, bytesOut }) => [status, bytesOut])).toEqual([
        [200, client.receivedBytes],
      ]);
    });

    transcript(`${how} after its answer: the upstream stays in the pool`, (relay) => {
      const { client, upstream } = relay.exchange(GET);
      upstream.says(`${OK}abcde`);
      client[how]();

      expect(relay.pooled).toBe(1);
    });
  }
});
