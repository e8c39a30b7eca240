// Builds what a website loads: the script tag's bundle, which refuses to grow beyond its budget of gzip bytes, and the client
// module for front ends of one's own. `--analyze` says what the bundle's bytes are spent on.
import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { minify } from 'terser';
import { printAnalysis } from './analysis.mjs';
import { cssAsText } from './css-as-text.mjs';

const BUDGET = 12 * 1024;
const OUT = new URL('./dist/', import.meta.url);
const TARGET = ['es2022', 'chrome94', 'firefox93', 'safari15.4'];

/** Properties that only this code knows: not of the wire, the storage, the page, the published interfaces. Built to a letter. */
const OWN_NAMES = [
  ...[
    'arrange',
    'announce',
    'attach',
    'paint',
    'isPrivate',
    'resume',
    'adopt',
    'retry',
    'conversation',
    'startAnew',
  ],
  ...[
    'isSheet',
    'suggestions',
    'language',
    'accent',
    'received',
    'waiting',
    'box',
    'indent',
    'fence',
    'opens',
    'closes',
  ],
  ...[
    'take',
    'save',
    'busy',
    'sync',
    'tell',
    'texts',
    'response',
    'show',
    'element',
    'toEnd',
    'node',
    'rate',
    'list',
  ],
];

const shared = {
  absWorkingDir: fileURLToPath(new URL('.', import.meta.url)),
  bundle: true,
  minify: true,
  charset: 'utf8',
  target: TARGET,
  // Modules are strict of themselves, and the bundle has nothing that would differ.
  tsconfigRaw: { compilerOptions: { alwaysStrict: false, strict: false, target: 'es2022' } },
  plugins: [cssAsText(TARGET)],
  write: false,
  metafile: true,
};

const widget = await built({
  entryPoints: ['src/index.ts'],
  format: 'iife',
  // What only Node is without.
  define: { globalThis: 'self' },
  mangleProps: new RegExp(`^(${OWN_NAMES.join('|')})$`),
});
if (process.argv.includes('--analyze')) printAnalysis(widget.metafile);
const gzip = report('chat-widget.js', widget.code, ` (budget ${BUDGET})`);
if (gzip > BUDGET) {
  console.error(`The bundle is ${gzip - BUDGET} bytes over its budget. Make it smaller before shipping it.`);
  process.exitCode = 1;
}
const client = await built({
  entryPoints: ['src/client.ts'],
  format: 'esm',
});
report('chat-client.js', client.code);

await mkdir(OUT, { recursive: true });
await writeFile(new URL('chat-widget.js', OUT), widget.code);
await writeFile(new URL('chat-client.js', OUT), client.code);
for (const types of ['chat-widget.d.ts', 'chat-client.d.ts']) {
  await copyFile(new URL(`./types/${types}`, import.meta.url), new URL(types, OUT));
}

async function built(options) {
  const { outputFiles, metafile } = await build({ ...shared, ...options });
  // esbuild bundles, terser finds some bytes more.
  const { code } = await minify(outputFiles[0].text, {
    ecma: 2020,
    module: options.format === 'esm',
    compress: { unsafe: true },
  });
  return { code: Buffer.from(code), metafile };
}

function report(name, code, more = '') {
  const gzip = gzipSync(code, { level: 9 }).length;
  console.log(`${name}: ${code.length} bytes raw, ${gzip} bytes gzip${more}`);
  return gzip;
}
