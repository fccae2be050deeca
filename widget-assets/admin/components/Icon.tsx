// The icons, drawn on a 20 px grid with one stroke width. Decorative: the name of a control stands in
// its label, never in its icon.

const PATHS = {
  inbox: 'M3.5 11.5 5.6 4.9a1.5 1.5 0 0 1 1.4-1h6a1.5 1.5 0 0 1 1.4 1l2.1 6.6v3.1a1.5 1.5 0 0 1-1.5 1.5H5a1.5 1.5 0 0 1-1.5-1.5v-3.1Zm0 0h3.7l1.2 2h3.2l1.2-2h3.7',
  leads: 'M10 10.2a3.1 3.1 0 1 0 0-6.2 3.1 3.1 0 0 0 0 6.2ZM3.8 16.3c.7-2.3 3.2-3.7 6.2-3.7s5.5 1.4 6.2 3.7',
  spark: 'M10 3.2 11.6 8.4 16.8 10 11.6 11.6 10 16.8 8.4 11.6 3.2 10 8.4 8.4 10 3.2Z',
  person: 'M10 9.6a3 3 0 1 0 0-6 3 3 0 0 0 0 6ZM4.3 16.4c.6-2.6 2.9-4.2 5.7-4.2s5.1 1.6 5.7 4.2',
  check: 'm4.5 10.5 3.5 3.5 7.5-8',
  search: 'M9 14.5a5.5 5.5 0 1 0 0-11 5.5 5.5 0 0 0 0 11Zm4-1.5 3.5 3.5',
  close: 'm5.5 5.5 9 9m0-9-9 9',
  back: 'M11.5 4.5 6 10l5.5 5.5',
  send: 'M10 16V4.5m0 0L5 9.5m5-5 5 5',
  panel: 'M4.5 4h11A1.5 1.5 0 0 1 17 5.5v9a1.5 1.5 0 0 1-1.5 1.5h-11A1.5 1.5 0 0 1 3 14.5v-9A1.5 1.5 0 0 1 4.5 4Zm8 0v12',
  archive: 'M3.5 5.5h13v2.7h-13V5.5Zm1.2 2.7h10.6v5.8a1 1 0 0 1-1 1H5.7a1 1 0 0 1-1-1V8.2Zm3.6 2.8h3.4',
  reopen: 'M4.5 9.8a5.6 5.6 0 1 1 1.6 4.3M4.5 5.5v4.3h4.3',
  handback: 'M8 5 4 9l4 4M4.2 9h7.3a4.2 4.2 0 0 1 4.2 4.2V15',
  chevron: 'm6 8 4 4 4-4',
  sun: 'M10 13.2a3.2 3.2 0 1 0 0-6.4 3.2 3.2 0 0 0 0 6.4ZM10 2.8v1.4m0 11.6v1.4M2.8 10h1.4m11.6 0h1.4M4.9 4.9l1 1m8.2 8.2 1 1m0-10.2-1 1m-8.2 8.2-1 1',
  moon: 'M16.3 11.9A6.7 6.7 0 0 1 8.1 3.7a6.7 6.7 0 1 0 8.2 8.2Z',
  bell: 'M5.5 13.5V9a4.5 4.5 0 0 1 9 0v4.5l1.2 1.2H4.3l1.2-1.2Zm3 3h3',
  alert: 'M10 3.5 17 15.8H3L10 3.5Zm0 5v3.2m0 2.1v.1',
  mail: 'M4 5h12a1 1 0 0 1 1 1v8a1 1 0 0 1-1 1H4a1 1 0 0 1-1-1V6a1 1 0 0 1 1-1Zm-.7.8L10 10.8l6.7-5',
  phone: 'M6.3 3.5 8 7.3 6.4 8.7a9 9 0 0 0 4.9 4.9l1.4-1.6 3.8 1.7v2a1.3 1.3 0 0 1-1.4 1.3A11.9 11.9 0 0 1 3 4.9a1.3 1.3 0 0 1 1.3-1.4h2Z',
  building: 'M5 16.5V4.5a1 1 0 0 1 1-1h5a1 1 0 0 1 1 1v12m0-8h2.5a1 1 0 0 1 1 1v7M3.5 16.5h13M7.5 7h2m-2 3h2m-2 3h2',
  signout: 'M8 4H5a1 1 0 0 0-1 1v10a1 1 0 0 0 1 1h3m4.5-9 3 3-3 3m3-3H8',
  chat: 'M5 4h10a2 2 0 0 1 2 2v6a2 2 0 0 1-2 2h-4.3L7 16.8V14H5a2 2 0 0 1-2-2V6a2 2 0 0 1 2-2Z',
  book: 'M10 5.2C8.6 4 6.2 3.6 3 3.8v11c3.2-.2 5.6.2 7 1.4m0-11C11.4 4 13.8 3.6 17 3.8v11c-3.2-.2-5.6.2-7 1.4m0-11v11',
  team: 'M7.6 9.4a2.7 2.7 0 1 0 0-5.4 2.7 2.7 0 0 0 0 5.4ZM2.5 15.8c.5-2.3 2.6-3.7 5.1-3.7s4.6 1.4 5.1 3.7M13 4.3a2.7 2.7 0 0 1 0 4.9m1.6 3.2c1.5.5 2.6 1.7 2.9 3.4',
  key: 'M12.8 11.4a4.2 4.2 0 1 0-4.1-3.3l-5.4 5.4v3h3v-2h2v-2h1.6l.7-.7c.7.3 1.4.5 2.2.5Zm.9-5.2v.1',
  log: 'M5 3.5h10v13H5v-13Zm2.5 3.5h5m-5 3h5m-5 3h3',
  plan: 'M3.5 6.5h13v8.5a1 1 0 0 1-1 1h-11a1 1 0 0 1-1-1V6.5Zm0 0 1.5-2.7h10l1.5 2.7M6.5 13v-2.5m3.5 2.5V9.5m3.5 3.5v-1.8',
  badge: 'M10 3.2 15.8 5v4.4c0 3.5-2.4 6-5.8 7.4-3.4-1.4-5.8-3.9-5.8-7.4V5L10 3.2Zm-2.6 6.6 1.9 1.9 3.4-3.6',
  sliders: 'M3.5 6h6m4 0h3m-3 0a2 2 0 1 1-4 0 2 2 0 0 1 4 0Zm-10 8h2m4 0h7m-7 0a2 2 0 1 1-4 0 2 2 0 0 1 4 0Z',
  lock: 'M5 9h10a1 1 0 0 1 1 1v5.5a1 1 0 0 1-1 1H5a1 1 0 0 1-1-1V10a1 1 0 0 1 1-1Zm1.8 0V6.8a3.2 3.2 0 0 1 6.4 0V9M10 12v1.8',
  door: 'M11 4h4a1 1 0 0 1 1 1v10a1 1 0 0 1-1 1h-4M3.5 10h8.3M9 7l3 3-3 3',
  copy: 'M7.5 7.5h8v9h-8v-9Zm-3 5v-9h8',
  system: 'M4 4h12a1 1 0 0 1 1 1v7.5a1 1 0 0 1-1 1H4a1 1 0 0 1-1-1V5a1 1 0 0 1 1-1Zm3.5 12.5h5M10 13.5v3',
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name, size = 20 }: { name: IconName; size?: number }) {
  return (
    <svg className="icon" viewBox="0 0 20 20" width={size} height={size} aria-hidden="true" focusable="false">
      <path d={PATHS[name]} />
    </svg>
  );
}

export function Logo({ size = 28 }: { size?: number }) {
  return (
    <svg className="logo" viewBox="0 0 32 32" width={size} height={size} aria-hidden="true" focusable="false">
      <path
        className="logo-shape"
        d="M9 2h14a7 7 0 0 1 7 7v9a7 7 0 0 1-7 7h-6.2l-6.1 4.7A1.1 1.1 0 0 1 9 28.8V25a7 7 0 0 1-7-7V9a7 7 0 0 1 7-7z"
      />
      <path className="logo-lines" d="M9.5 10.5h13M9.5 16.5h7.5" />
    </svg>
  );
}
