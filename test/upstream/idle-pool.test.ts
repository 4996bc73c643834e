import { expect, test } from "bun:test";
import { IdlePool, type Poolable } from "../../src/upstream/idle-pool.ts";

const MOST = 3;

interface Connection extends Poolable {
  readonly name: string;
}

test("the connection that was put last is used first", () => {
  const { pool, put } = poolOf();
  put("old", 1);
  put("new", 2);

  expect(pool.take("a")?.name).toBe("new");
  expect(pool.take("a")?.name).toBe("old");
  expect(pool.take("a")).toBeUndefined();
});

test("a connection serves its own endpoint alone", () => {
  const { pool, put } = poolOf();
  put("one", 1, "a");

  expect(pool.take("b")).toBeUndefined();
  expect(pool.take("a")?.name).toBe("one");
});

test("a connection that was taken is nobody else's", () => {
  const { pool, put } = poolOf();
  put("one", 1);

  pool.take("a");

  expect(pool.take("a")).toBeUndefined();
  expect(pool.size).toBe(0);
});

test("one too many for an endpoint costs its oldest, and no other endpoint's", () => {
  const { pool, put } = poolOf();
  put("other", 0, "b");
  for (const [time, name] of ["1st", "2nd", "3rd"].entries()) expect(put(name, time)).toBeUndefined();

  expect(put("4th", 4)?.name).toBe("1st");
  expect(pool.size).toBe(MOST + 1);
  expect(pool.take("b")?.name).toBe("other");
});

test("where none may be kept, the one that comes has to go", () => {
  const pool = new IdlePool<Connection>();
  const connection = { name: "one", endpoint: "a", idleSince: 0 };

  expect(pool.put(connection, 0, 1)).toBe(connection);
  expect(pool.size).toBe(0);
  expect(pool.take("a")).toBeUndefined();
});

test("one too many in all costs the oldest of all, whatever its endpoint", () => {
  const { pool, put } = poolOf();
  for (let count = 0; count < 1_024; count++)
    expect(put(`${count}`, 1_000 - count, `e${count}`)).toBeUndefined();

  expect(put("new", 2_000, "another")?.name).toBe("1023");
  expect(put("newer", 2_001, "e0")?.name).toBe("1022");
  expect(pool.size).toBe(1_024);
  expect(pool.take("e1023")).toBeUndefined();
  expect(pool.take("another")?.name).toBe("new");
});

test("a connection that its peer closed is not used again", () => {
  const { pool, put, connections } = poolOf();
  put("1st", 1);
  put("2nd", 2);

  pool.remove(connections.get("2nd")!);

  expect(pool.size).toBe(1);
  expect(pool.take("a")?.name).toBe("1st");
});

test("a connection that is not idle can be removed, to no effect", () => {
  const { pool, put, connections } = poolOf();
  put("1st", 1);
  put("2nd", 2);
  pool.take("a");

  pool.remove(connections.get("2nd")!);
  pool.remove({ name: "stranger", endpoint: "b", idleSince: 0 });

  expect(pool.size).toBe(1);
});

test("what has been idle since before a time expires, and what is younger stays", () => {
  const { pool, put } = poolOf();
  put("1st", 1);
  put("2nd", 2);
  put("3rd", 3);
  put("other", 1, "b");

  expect(pool.expire(3).map(({ name }) => name)).toEqual(["1st", "2nd", "other"]);
  expect(pool.size).toBe(1);
  expect(pool.take("a")?.name).toBe("3rd");
});

test("a connection that was used meanwhile is as young as its last use", () => {
  const { pool, put, connections } = poolOf();
  put("one", 1);
  pool.take("a");

  pool.put(connections.get("one")!, MOST, 10);

  expect(pool.expire(10)).toEqual([]);
  expect(pool.expire(11).map(({ name }) => name)).toEqual(["one"]);
  expect(pool.expire(12)).toEqual([]);
});

test("the count is right after anything", () => {
  const pool = new IdlePool<Connection>();
  const kept = new Set<Connection>();
  for (let step = 0; step < 5_000; step++) {
    const endpoint = `e${(step * 7) % 11}`;
    if (step % 3 === 0) forget(pool.take(endpoint));
    else if (step % 101 === 0) for (const gone of pool.expire(step - 40)) kept.delete(gone);
    else {
      const connection = { name: String(step), endpoint, idleSince: 0 };
      kept.add(connection);
      forget(pool.put(connection, MOST, step));
    }
    expect(pool.size).toBe(kept.size);
  }

  function forget(connection: Connection | undefined): void {
    if (connection !== undefined) kept.delete(connection);
  }
});

function poolOf() {
  const pool = new IdlePool<Connection>();
  const connections = new Map<string, Connection>();
  const put = (name: string, now: number, endpoint = "a") => {
    const connection = { name, endpoint, idleSince: 0 };
    connections.set(name, connection);
    return pool.put(connection, MOST, now);
  };
  return { pool, put, connections };
}
