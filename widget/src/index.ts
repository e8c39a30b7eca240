// The entry of the bundle: reads the script tag that loaded it and puts one widget on the page. It must never throw into
// the host page, whatever the page looks like, and never put up a second widget.

import { readConfig } from './config';
import { mountWidget, ROOT_ID } from './widget';

function start(): void {
  const tag = document.currentScript ?? document.querySelector<HTMLElement>('script[src*="chat-widget.js"]');
  const config = readConfig(tag?.dataset ?? {}, document.baseURI);
  if ('faults' in config) {
    console.error(
      `Open Chat Widget: no chat on this page, because its script tag ${config.faults.join(' and ')}. ` +
        'Correct it at <script src="…/chat-widget.js">.',
    );
    return;
  }
  const mount = () => {
    if (!document.getElementById(ROOT_ID)) mountWidget(config);
  };
  // A script in the head without `defer` runs before there is a body.
  if (document.body) mount();
  else document.addEventListener('DOMContentLoaded', mount);
}

start();
