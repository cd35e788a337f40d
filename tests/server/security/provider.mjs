// A real OpenID provider for the tests: panva's oidc-provider on loopback, with people of our own.
// Usage: node provider.mjs '{"redirect": "http://…", "out": "http://…", "people": {"anna": {"hsa_id": "…"}}}'
// It says its port on the first line. Whoever is written at its login is in, with any password.
import { createServer } from "node:http";
import { Provider } from "oidc-provider";

const given = JSON.parse(process.argv[2] ?? "{}");
const server = createServer();
server.listen(0, "127.0.0.1", () => {
  const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
  const provider = new Provider(`http://127.0.0.1:${port}`, {
    clients: [
      {
        client_id: "samtid",
        client_secret: "en hemlighet: 100% + &=",
        redirect_uris: [given.redirect],
        post_logout_redirect_uris: [given.out],
        response_types: ["code"],
        grant_types: ["authorization_code"],
        ...given.client,
      },
    ],
    pkce: { required: () => true },
    scopes: ["openid", "profile", "work"],
    claims: { openid: ["sub"], profile: ["name"], work: ["hsa_id", "login", "jobs", "units"] },
    acrValues: ["http://id.example/loa3"],
    findAccount: (_, sub) => ({ accountId: sub, claims: () => ({ sub, ...given.people[sub] }) }),
    cookies: { keys: ["only for tests"] },
    features: { devInteractions: { enabled: true } },
  });
  server.on("request", provider.callback());
  console.log(port);
});
