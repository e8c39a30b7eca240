// What the script tag's data attributes say. Pure: takes the element's dataset, so that it can be tested without a page.

import { pickLanguage, type Texts, textsIn } from './texts';

/** Where the server is and what opens it. */
export interface Server {
  /** Where messages are posted; relative addresses are the page's. */
  readonly apiUrl: string;
  readonly apiKey: string;
}

export interface Config extends Server {
  readonly texts: Texts;
  readonly language: string;
  readonly position: 'left' | 'right';
  /** As written by the owner; `accent.ts` decides whether it is a colour. */
  readonly accent: string;
  readonly theme: string;
  /** Open on a visitor's first page. */
  readonly open: boolean;
  readonly suggestions: readonly string[];
  /** A selector of the element to live in, instead of floating above the page. */
  readonly target: string;
}

type Dataset = Readonly<Record<string, string | undefined>>;

/** The attributes that the upstream widget has for some of the texts. */
const UPSTREAM: Dataset = { title: 'title', welcome: 'welcomeMessage', placeholder: 'inputPlaceholder' };

/** Reads the tag, on a page in the first known of `languages`; throws what is wrong with it. */
export function readConfig(dataset: Dataset, languages: readonly (string | undefined)[] = []): Config {
  const value = (name: string) => dataset[name]?.trim() ?? '';
  const apiUrl = value('apiUrl');
  const apiKey = value('apiKey');
  if (!apiUrl || !apiKey) throw 'data-api-url and data-api-key are required';
  // Throws if the address is none, or the key has letters that no key has.
  new Request(apiUrl, { headers: { 'x-api-key': apiKey } });
  const language = pickLanguage([value('lang'), ...languages]);
  return {
    apiUrl,
    apiKey,
    language,
    texts: textsIn(
      language,
      (name) => value(UPSTREAM[name] ?? '') || value(`text${name[0]?.toUpperCase()}${name.slice(1)}`),
    ),
    position: value('position') === 'left' ? 'left' : 'right',
    accent: value('accentColor'),
    theme: value('theme'),
    open: value('open') === 'true',
    suggestions: value('suggestions').match(/[^|\s][^|]*/g) ?? [],
    target: value('target'),
  };
}
