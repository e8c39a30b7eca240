// Version 4 UUIDs, on pages without https too: `crypto.randomUUID` exists in secure contexts only.

export function uuid(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  const hex = [...bytes].map((byte) => (byte + 256).toString(16).slice(1)).join('');
  // RFC 9562, section 5.4: a digit says the version, another the variant; the latter may be any of 8 to b.
  return hex.replace(/(.{8})(.{4}).(.{3}).(.{3})/, '$1-$2-4$3-a$4-');
}
