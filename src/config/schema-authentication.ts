/** `authentication`: who can log in. Without users, htpasswd and tokens there is nobody to ask for. */
import { choice, duration, filePath } from "./kinds.ts";
import { name, password, passwordHash, realm, token, userName } from "./kinds-identity.ts";
import { instant } from "./kinds-time.ts";
import { list, optional, required, section, setting } from "./setting.ts";

const groups = list(required(name, "A group."), { least: 0, most: 100 }, [], "Groups, as rules name them.");

const user = section(
  {
    name: required(userName, "The name to log in with."),
    password: optional(
      password,
      "The password; better named from the environment than written here. Either this or `hash`.",
    ),
    hash: optional(passwordHash, "The password's bcrypt or argon2 hash. Either this or `password`."),
    groups,
  },
  "Somebody with a password.",
);

const group = section(
  {
    name: required(name, "What rules call it."),
    members: list(
      required(userName, "A user."),
      { least: 0, most: 100_000 },
      [],
      "Names of users and tokens, those of the htpasswd file too.",
    ),
  },
  "Users under one name.",
);

const namedToken = section(
  {
    name: required(name, "The name to log in with."),
    token: required(token, "The secret that stands in the password's place."),
    expires: optional(instant, "When it is no longer taken, as in RFC 3339; without it, never."),
    groups,
  },
  "Something with a secret that expires.",
);

export const authentication = section(
  {
    mode: setting(
      choice("required", "optional"),
      "required",
      "`required`: nobody goes anywhere without logging in. `optional`: rules say who must. Without users, htpasswd and tokens nobody is asked.",
    ),
    realm: setting(realm, "headgate", "What clients show to whom they ask for a password."),
    users: list(user, { least: 0, most: 10_000 }, [], "Users with a password."),
    htpasswd: optional(filePath, "A file of users with bcrypt or argon2 hashes; looked at every second."),
    groups: list(group, { least: 0, most: 1_000 }, [], "Groups and their members."),
    tokens: list(namedToken, { least: 0, most: 10_000 }, [], "Tokens, for machines."),
    cache: setting(duration("0s", "24h"), "5m", "How long a verified password is remembered."),
    delay: setting(duration("0s", "1m"), "1s", "How long the 407 for wrong credentials is held back."),
  },
  "Who can log in.",
);
