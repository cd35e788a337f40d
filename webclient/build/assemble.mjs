/**
 * Fills `webclient/static/lib/` from `node_modules/`. Run by hatch_build.py after `npm ci`:
 *
 *     node webclient/build/assemble.mjs OUT
 */
import { cp, mkdir, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { portraits } from "./portraits.mjs";
import { sprite } from "./sprite.mjs";

const HERE = path.dirname(fileURLToPath(import.meta.url));
const MODULES = path.resolve(HERE, "../../node_modules");

/** [from node_modules, to below OUT]: each library goes with its licence text. */
const COPIES = [
  ["htmx.org/dist/htmx.min.js", "htmx/htmx.min.js"],
  ["htmx.org/LICENSE", "htmx/LICENSE"],
  ["lucide-static/LICENSE", "LICENSE-lucide"],
  ...font("atkinson-hyperlegible-next", ["normal", "italic"]),
  ...font("inter", ["normal"], ["latin"]),
];

/**
 * @param {string} name
 * @param {string[]} styles
 * @param {string[]} [sets] figures need only the first
 * @returns {[string, string][]}
 */
function font(name, styles, sets = ["latin", "latin-ext"]) {
  const files = sets.flatMap((set) =>
    styles.map((style) => `${name}-${set}-wght-${style}.woff2`),
  );
  return [
    ...files.map((file) => /** @type {[string, string]} */ ([
      `@fontsource-variable/${name}/files/${file}`,
      `fonts/${file}`,
    ])),
    [`@fontsource-variable/${name}/LICENSE`, `fonts/LICENSE-${name}`],
  ];
}

const out = process.argv[2];
if (!out) throw new Error("usage: node assemble.mjs OUT");
await rm(out, { recursive: true, force: true });
await mkdir(path.join(out, "portraits"), { recursive: true });
for (const [from, to] of COPIES) {
  await cp(path.join(MODULES, from), path.join(out, to));
}
await writeFile(
  path.join(out, "icons.svg"),
  await sprite(path.join(HERE, "icons.txt"), path.join(MODULES, "lucide-static/icons")),
);
for (const [name, svg] of await portraits(path.join(MODULES, "@dicebear/styles/dist/micah.min.json"))) {
  await writeFile(path.join(out, "portraits", name), svg);
}
