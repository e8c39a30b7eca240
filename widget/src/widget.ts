// Puts the widget on the page and wires its parts: launcher, panel, conversation, what is kept. It must never take the
// focus unless the visitor asked for the chat, and while closed it is a button and nothing else.

import { DEFAULT_ACCENT, inkOn, opaqueColour } from './accent';
import type { Config } from './config';
import { Conversation } from './conversation';
import { newSession, storedSession } from './session';
import { openStore } from './storage';
import { Thread } from './thread';
import { Composer } from './view/composer';
import { el, iconButton, rename } from './view/dom';
import { icon } from './view/icons';
import { Log } from './view/log';
import { createPanel, showPanel } from './view/panel';
import { isSheet, whenSheetChanges } from './view/sheet';
import { adoptStyles } from './view/styles';

export const ROOT_ID = 'os-chat-widget-root';
const OPEN_KEY = 'os-chatbot-widget-open';

/** Long enough for a screen reader to take notice. */
const ANNOUNCED_MS = 5000;

export function mountWidget(config: Config): void {
  new Widget(config).mount();
}

class Widget {
  private readonly config: Config;
  private readonly store = openStore();
  private readonly host = el('div', { id: ROOT_ID });
  private readonly launcher = iconButton('launcher', 'Open chat', icon('chat'), icon('close'));
  private readonly live = el('div', { class: 'live', role: 'status' });
  private readonly composer: Composer;
  private readonly log: Log;
  private readonly panel: HTMLElement;
  private sessionId = '';
  private silence = 0;
  private conversation: Conversation | null = null;

  constructor(config: Config) {
    this.config = config;
    const announce = (words: string) => this.announce(words);
    this.log = new Log(config.title, config.welcome, (turn) => this.conversation?.retry(turn));
    this.composer = new Composer(config.placeholder, (text) => this.conversation?.send(text), announce);
    this.panel = createPanel({
      title: config.title,
      log: this.log.element,
      composer: this.composer.element,
      live: this.live,
      startAnew: () => this.startAnew(),
      close: () => this.close(),
    });
  }

  mount(): void {
    const shadow = this.host.attachShadow({ mode: 'open' });
    adoptStyles(shadow);
    shadow.append(this.panel, this.launcher);
    this.launcher.setAttribute('aria-haspopup', 'dialog');
    this.host.dataset.position = this.config.position;
    const accent = this.config.accent ? opaqueColour(this.config.accent) : DEFAULT_ACCENT;
    this.host.style.setProperty('--accent', accent, 'important');
    this.host.style.setProperty('--on-accent', inkOn(accent), 'important');
    this.listen();
    this.begin(storedSession(this.store) ?? newSession(this.store));
    // A sheet would cover the page that the visitor has just gone to.
    this.show(this.store.get(OPEN_KEY) === 'true' && !isSheet());
    document.body.append(this.host);
  }

  private listen(): void {
    this.launcher.addEventListener('click', () => (this.isOpen ? this.close() : this.open()));
    // On a wide screen the launcher, now a close mark, may hold the focus while the chat is open.
    this.launcher.addEventListener('keydown', ({ key }) => {
      if (key === 'Escape' && this.isOpen) this.close();
    });
    window.addEventListener('storage', () => this.followOtherTabs());
    whenSheetChanges(() => showPanel(this.panel, this.isOpen));
  }

  private get isOpen(): boolean {
    return !this.panel.hidden;
  }

  /** The visitor asked for the chat: the focus goes there, but not so that a phone's keyboard springs up. */
  private open(): void {
    this.show(true);
    if (isSheet()) this.panel.focus();
    else this.composer.focus();
  }

  private close(): void {
    this.show(false);
    this.launcher.focus();
  }

  private show(open: boolean): void {
    this.host.dataset.open = String(open);
    rename(this.launcher, open ? 'Close chat' : 'Open chat');
    showPanel(this.panel, open);
    this.store.set(OPEN_KEY, String(open));
  }

  private startAnew(): void {
    this.begin(newSession(this.store));
    this.announce('New conversation.');
    this.composer.focus();
  }

  private begin(sessionId: string): void {
    this.conversation?.stop();
    this.sessionId = sessionId;
    this.log.clear();
    this.conversation = new Conversation(this.config, new Thread(this.store, sessionId), {
      display: (turn) => this.log.display(turn),
      announce: (words) => this.announce(words),
    });
    this.conversation.resume();
  }

  private followOtherTabs(): void {
    const current = storedSession(this.store);
    if (current && current !== this.sessionId) this.begin(current);
    else this.conversation?.adopt();
  }

  /** Says `words` to screen readers once; whoever reads the page later must not find them a second time. */
  private announce(words: string): void {
    this.live.textContent = words;
    clearTimeout(this.silence);
    this.silence = setTimeout(() => this.live.replaceChildren(), ANNOUNCED_MS);
  }
}
