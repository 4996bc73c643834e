import { expect, test } from "bun:test";
import { renewSettings } from "../../src/relay/settings.ts";
import { settingsFor } from "../support/gate.ts";
import { FakeRelay } from "../support/relay.ts";

test("renewed settings are others, of the same compiled policy", () => {
  const before = settingsFor(new FakeRelay().context.settings.config);
  const policyPlaces = { ...before.places, users: new Map([["ann", 3]]) };

  const renewed = renewSettings(before, { policyPlaces, hasAccounts: true });

  expect(renewed).not.toBe(before);
  expect(renewed.policy).toBe(before.policy);
  expect(renewed.places.users.get("ann")).toBe(3);
  expect(before.authentication).toBeUndefined();
  expect(renewed.authentication).toMatchObject({ mode: "required" });
  expect(renewSettings(renewed, { policyPlaces, hasAccounts: false }).authentication).toBeUndefined();
});
