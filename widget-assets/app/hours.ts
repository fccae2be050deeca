// The sentence about opening hours, in the shop's own time.

import type { WidgetConfig } from '../shared/types.ts';

const CLOSED = 'Closed right now.';
const DAY_MS = 86_400_000;

/** Empty while the shop is open. */
export function hoursLine(hours: WidgetConfig['operatingHours'], now = Date.now()): string {
  if (hours.isOpen) return '';
  const next = hours.nextOpenTime ? new Date(hours.nextOpenTime) : null;
  if (!next || Number.isNaN(next.getTime())) return CLOSED;
  const within = next.getTime() - now < 6 * DAY_MS;
  try {
    const when = new Intl.DateTimeFormat('en-GB', {
      ...(within ? { weekday: 'long' } : { day: 'numeric', month: 'long' }),
      hour: '2-digit',
      minute: '2-digit',
      timeZone: hours.timezone,
    }).format(next);
    return `Closed until ${when.replace(/ at |, | (?=\d\d:)/, ', ')}.`;
  } catch {
    return CLOSED;
  }
}
