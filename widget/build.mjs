// Builds the one file a website loads, and refuses to let it grow: the budget is gzip bytes of the bundle.
import { mkdir, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { cssAsText } from './css-as-text.mjs';

const BUDGET = 12 * 1024;
const OUT = new URL('./dist/chat-widget.js', import.meta.url);
const TARGET = ['es2020', 'chrome88', 'firefox88', 'safari14.1'];

const { outputFiles } = await build({
  absWorkingDir: fileURLToPath(new URL('.', import.meta.url)),
  entryPoints: ['src/index.ts'],
  bundle: true,
  format: 'iife',
  minify: true,
  charset: 'utf8',
  target: TARGET,
  plugins: [cssAsText(TARGET)],
  banner: { js: '/*! Open Chat Widget, MIT licence */' },
  write: false,
});
const code = outputFiles[0].contents;
const gzip = gzipSync(code, { level: 9 }).length;
console.log(`chat-widget.js: ${code.length} bytes raw, ${gzip} bytes gzip (budget ${BUDGET})`);
if (gzip > BUDGET) {
  console.error(`The bundle is ${gzip - BUDGET} bytes over its budget. Make it smaller before shipping it.`);
  process.exit(1);
}
await mkdir(new URL('.', OUT), { recursive: true });
await writeFile(OUT, code);
