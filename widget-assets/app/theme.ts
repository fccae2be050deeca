// Colours of the agent's theme as CSS variables on the document, corrected so that text on them and
// in them can be read (WCAG AA, 4.5:1). Set through the CSSOM, since the pages allow no style
// attributes in markup.

import type { ThemeMode, WidgetConfig } from '../shared/types.ts';

type Rgb = [number, number, number];

const CONTRAST_MIN = 4.5;
const ACCENT = '#0f6e5d';
/** --bubble of app.css: of all that coloured text stands on, the nearest to it. */
const SURFACE: Record<'light' | 'dark', Rgb> = { light: [240, 243, 241], dark: [31, 42, 39] };

export function applyTheme(config: WidgetConfig, wanted: ThemeMode | null): void {
  const { theme } = config.config;
  const dark = matchMedia('(prefers-color-scheme: dark)');
  const paint = () => {
    const mode = wanted ?? theme.mode ?? 'auto';
    const look = mode === 'dark' || (mode === 'auto' && dark.matches) ? 'dark' : 'light';
    const root = document.documentElement;
    root.dataset.theme = look;
    const colours = palette(theme.primaryColor ?? ACCENT, theme.textColor, look);
    for (const [name, value] of Object.entries(colours)) root.style.setProperty(name, value);
    const radius = Number(theme.radius);
    if (radius >= 0 && radius <= 24) root.style.setProperty('--radius', `${radius}px`);
  };
  dark.addEventListener('change', paint);
  paint();
}

/** The variables for an accent colour; an unreadable text colour gives way to black or white. */
export function palette(primary: string, text: string | undefined, look: 'light' | 'dark'): Record<string, string> {
  const accent = parseHex(primary) ?? parseHex(ACCENT)!;
  const wished = text ? parseHex(text) : null;
  const onAccent = wished && contrast(wished, accent) >= CONTRAST_MIN ? wished : blackOrWhite(accent);
  const ink = readable(accent, SURFACE[look]);
  return { '--accent': css(accent), '--on-accent': css(onAccent), '--accent-ink': css(ink) };
}

export function parseHex(text: string): Rgb | null {
  const long = /^#[0-9a-f]{3}$/i.test(text) ? text.replace(/[0-9a-f]/gi, '$&$&') : text;
  if (!/^#[0-9a-f]{6}$/i.test(long)) return null;
  const value = parseInt(long.slice(1), 16);
  return [value >> 16, (value >> 8) & 255, value & 255];
}

export function contrast(a: Rgb, b: Rgb): number {
  const [high, low] = [luminance(a), luminance(b)].sort((x, y) => y - x) as [number, number];
  return (high + 0.05) / (low + 0.05);
}

/** The colour, moved towards black or white until it can be read on `surface`. */
function readable(colour: Rgb, surface: Rgb): Rgb {
  const goal = blackOrWhite(surface);
  let result = colour;
  for (let step = 1; contrast(result, surface) < CONTRAST_MIN && step <= 20; step += 1) {
    result = colour.map((part, i) => Math.round(part + ((goal[i]! - part) * step) / 20)) as Rgb;
  }
  return result;
}

function blackOrWhite(background: Rgb): Rgb {
  const white: Rgb = [255, 255, 255];
  const black: Rgb = [0, 0, 0];
  return contrast(white, background) >= contrast(black, background) ? white : black;
}

function luminance(colour: Rgb): number {
  const [r, g, b] = colour.map((part) => {
    const share = part / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  }) as Rgb;
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function css([r, g, b]: Rgb): string {
  return `rgb(${r} ${g} ${b})`;
}
