// Opening hours as the form shows them: one span a day. Hours with breaks, or with several spans a day, are
// shown by their first span, and stay as they are unless somebody changes them here.
import type { Agent } from '../types';

export const DAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'] as const;

export interface DayHours {
  isOpen: boolean;
  openTime: string;
  closeTime: string;
}

interface StoredDay {
  dayOfWeek?: number | string;
  isOpen?: boolean;
  openTime?: string;
  closeTime?: string;
}

const CLOSED: DayHours = { isOpen: false, openTime: '09:00', closeTime: '17:00' };

function dayOf(stored: StoredDay): number {
  const { dayOfWeek } = stored;
  if (typeof dayOfWeek === 'number') return dayOfWeek % 7;
  return DAYS.findIndex((name) => name.toLowerCase() === String(dayOfWeek).toLowerCase());
}

function listOf(hours: unknown): StoredDay[] {
  if (Array.isArray(hours)) return hours as StoredDay[];
  if (!hours || typeof hours !== 'object') return [];
  return Object.entries(hours).map(([dayOfWeek, day]) => ({ ...(day as StoredDay), dayOfWeek }));
}

export const isAlwaysOpen = (hours: Agent['operatingHours']): boolean => listOf(hours.businessHours).length === 0;

export function hoursOf(hours: Agent['operatingHours']): DayHours[] {
  const list = listOf(hours.businessHours);
  return DAYS.map((_, i) => {
    const day = list.find((item) => dayOf(item) === i && item.isOpen !== false);
    return day ? { isOpen: true, openTime: day.openTime ?? '09:00', closeTime: day.closeTime ?? '17:00' } : CLOSED;
  });
}
