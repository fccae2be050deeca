// Icons as drawn lines in the colour of the text around them. Decoration only: the control that holds
// one has its own name.

const PATHS = {
  send: 'M12 19V6M6 11.5 12 5.5l6 6',
  close: 'M7 7l10 10M17 7 7 17',
  down: 'M12 5v14M6 13l6 6 6-6',
  person: 'M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8ZM5 20c.7-3.6 3.4-5.5 7-5.5s6.300 1.900 7 5.500',
  mail: 'M4 6.500h16v11H4zM4.500 7l7.500 6 7.500-6',
  check: 'M5 12.500l4.500 4.500L19 7.500',
  clock: 'M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18ZM12 7.500V12l3 2',
  alert: 'M12 8v5M12 16.500v.1M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18Z',
} as const;

export function Icon({ name, size = 20 }: { name: keyof typeof PATHS; size?: number }) {
  return (
    <svg class="icon" viewBox="0 0 24 24" width={size} height={size} aria-hidden="true">
      <path d={PATHS[name]} />
    </svg>
  );
}
