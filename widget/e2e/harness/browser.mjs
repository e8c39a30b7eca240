// Finds an installed Chromium and starts it without a window.
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { chromium } from 'playwright-core';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome'];

function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function findChromium() {
  const directories = (process.env.PATH ?? '').split(delimiter);
  const candidates = process.env.CHROMIUM
    ? [process.env.CHROMIUM]
    : NAMES.flatMap((name) => directories.map((directory) => join(directory, name)));
  const found = candidates.find(isExecutable);
  if (!found) {
    throw new Error(
      `No Chromium at ${candidates.length === 1 ? candidates[0] : 'any place in PATH'}: install the package chromium, or set CHROMIUM to a Chromium or Chrome executable.`,
    );
  }
  return found;
}

export function launchBrowser() {
  const switches = ['gpu', 'quic', 'background-networking', 'component-update', 'sync'].map(
    (what) => `--disable-${what}`,
  );
  return chromium.launch({
    executablePath: findChromium(),
    args: ['--no-sandbox', '--no-first-run', ...switches],
  });
}
