import { readFile } from "node:fs/promises";
import path from "node:path";

/** Attributes every Lucide icon shares; on the symbol they follow `currentColor` of the page. */
const STROKE =
  'fill="none" stroke="currentColor" stroke-width="2" stroke-linecap="round" stroke-linejoin="round"';

/**
 * One SVG file with a `<symbol>` for each name in the list.
 *
 * A same-origin sprite needs neither inline SVG nor inline style, so it works under a strict CSP.
 *
 * @param {string} list path of the list, one icon name a line, `#` starts a comment
 * @param {string} icons folder with `<name>.svg`
 * @returns {Promise<string>}
 */
export async function sprite(list, icons) {
  const names = (await readFile(list, "utf8"))
    .split("\n")
    .map((line) => line.replace(/#.*/, "").trim())
    .filter(Boolean);
  const symbols = await Promise.all(
    names.map(async (name) => {
      const svg = await readFile(path.join(icons, `${name}.svg`), "utf8");
      const inner = svg.match(/<svg[^>]*>([\s\S]*)<\/svg>/)?.[1];
      if (!inner) throw new Error(`${name}.svg has no drawing`);
      const drawing = inner.replace(/\s*\n\s*/g, "").trim();
      return `<symbol id="${name}" viewBox="0 0 24 24" ${STROKE}>${drawing}</symbol>`;
    }),
  );
  return `<svg xmlns="http://www.w3.org/2000/svg">\n${symbols.join("\n")}\n</svg>\n`;
}
