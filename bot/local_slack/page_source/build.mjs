// How does the source become what is shipped? `node build.mjs FOLDER` writes page.js, page.css and index.html.
// The same source gives the same bytes: the versions are locked, nothing of this machine is written into them.
import { mkdir, copyFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const into = process.argv[2];
if (!into) throw new Error("node build.mjs FOLDER");

await mkdir(into, { recursive: true });
await build({
  absWorkingDir: here,
  entryPoints: { page: "source/main.tsx" },
  outdir: into,
  bundle: true,
  minify: true,
  format: "iife",
  jsx: "automatic",
  target: ["chrome109", "firefox115", "safari16.4"],
  charset: "utf8",
  legalComments: "eof",
  define: { "process.env.NODE_ENV": '"production"' },
  logLevel: "warning",
});
await copyFile(join(here, "index.html"), join(into, "index.html"));
