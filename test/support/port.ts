/** A loopback port where nobody listens: to be refused by, or for a program that can't choose one itself. */
export function unusedPort(): number {
  using listener = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } });
  return listener.port;
}
