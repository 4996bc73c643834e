import { expect, test } from "bun:test";
import { GateKeeper } from "../../src/runtime/gate-keeper.ts";
import { configOf } from "./configs.ts";

test("a config that is refused in the end takes no place from the one that stays", async () => {
  const keeper = new GateKeeper(
    () => {},
    () => {},
  );
  await keeper.prepare(configWith("refused"));
  const prepared = await keeper.prepare(configWith("kept"));
  if (prepared.ok) prepared.commit();
  keeper.close();

  expect(keeper.names().rules).toEqual(["kept"]);
});

function configWith(rule: string) {
  return configOf({ policy: { rules: [{ name: rule, action: "allow" }] } });
}
