// Makes elements without markup strings: nothing here or above can turn text into HTML, and no host policy (CSP,
// Trusted Types) stands in the way.

type Attributes = Readonly<Record<string, string>>;

export function el<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: readonly (Node | string)[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

/** A button whose face is an icon: `name` is what it is called and its tooltip. */
export function iconButton(className: string, name: string, ...icons: readonly Node[]): HTMLButtonElement {
  const button = el('button', { type: 'button', class: className }, ...icons);
  rename(button, name);
  return button;
}

export function rename(button: HTMLButtonElement, name: string): void {
  button.title = name;
  button.setAttribute('aria-label', name);
}
