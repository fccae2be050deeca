// Words for people: names of visitors, times, statuses. Pure functions without state.
import type { Conversation, Lead, LeadReason } from './types';

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

const clock = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' });
const weekday = new Intl.DateTimeFormat('en-GB', { weekday: 'short' });
const dayMonth = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short' });
const dayWhole = new Intl.DateTimeFormat('en-GB', { weekday: 'long', day: 'numeric', month: 'long' });
const day = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeZone: 'UTC' });
const full = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'short' });

// When something last happened in a conversation; the list is in this order.
export const activityAt = (conversation: Conversation) =>
  conversation.lastMessageAt ?? conversation.createdAt;

const grouped = new Intl.NumberFormat('en-GB');
const short = new Intl.NumberFormat('en-GB', { maximumFractionDigits: 1 });
const BYTES = ['bytes', 'KB', 'MB', 'GB', 'TB'];

export const numberText = (value: number) => grouped.format(value);

export function bytesText(value: number): string {
  const step = value < 1 ? 0 : Math.min(BYTES.length - 1, Math.floor(Math.log2(value) / 10));
  return `${short.format(value / 1024 ** step)} ${BYTES[step]}`;
}

const midnight = (ms: number) => new Date(ms).setHours(0, 0, 0, 0);

export function timeShort(iso: string, now: number): string {
  const at = Date.parse(iso);
  if (Number.isNaN(at)) return '';
  const age = now - at;
  if (age < MINUTE_MS) return 'now';
  if (age < 60 * MINUTE_MS) return `${Math.floor(age / MINUTE_MS)}m`;
  if (midnight(at) === midnight(now)) return clock.format(at);
  if (age < 6 * DAY_MS) return weekday.format(at);
  return dayMonth.format(at);
}

export function ago(iso: string, now: number): string {
  const at = Date.parse(iso);
  if (now - at < MINUTE_MS) return 'just now';
  if (now - at < 60 * MINUTE_MS) return `${Math.floor((now - at) / MINUTE_MS)} min ago`;
  return midnight(at) === midnight(now) ? `at ${clock.format(at)}` : `on ${dayMonth.format(at)}`;
}

// A time that cannot be read is left out: one bad row must not take the page down.
const shownBy = (format: Intl.DateTimeFormat) => (iso: string) => {
  const at = Date.parse(iso);
  return Number.isNaN(at) ? '' : format.format(at);
};

export const timeOfDay = shownBy(clock);
export const timeFull = shownBy(full);
// A day as the server counts it.
export const dayLong = shownBy(day);
export const dayKey = (iso: string) => midnight(Date.parse(iso));

export function dayName(iso: string, now: number): string {
  const days = Math.round((midnight(now) - dayKey(iso)) / DAY_MS);
  if (days === 0) return 'Today';
  if (days === 1) return 'Yesterday';
  return dayWhole.format(Date.parse(iso));
}

// The server's name for the visitor: a lead's when there is one, else a code that stays the same.
export function visitorName(conversation: Conversation, lead?: Lead | null): string {
  return lead?.name || conversation.visitorLabel || 'Visitor';
}

export function leadName(lead: Lead): string {
  return lead.name || lead.email || lead.phone || 'Unnamed lead';
}

export function statusWord(conversation: Conversation, myId?: string): string {
  if (conversation.status === 'active') return 'AI';
  if (conversation.status === 'closed') return 'Closed';
  if (conversation.status === 'archived') return 'Archived';
  const by = conversation.takenOverBy;
  return by && by.id === myId ? 'You' : (by?.name ?? 'Person');
}

// One of eight tints, always the same for the same id.
export function hueOf(id: string): number {
  let sum = 0;
  for (const letter of id) sum = (sum * 31 + letter.charCodeAt(0)) >>> 0;
  return sum % 8;
}

const CRITERIA: Record<string, string> = {
  contactInfoProvided: 'Contact', budgetDisclosed: 'Budget', timelineShared: 'Timing',
  decisionMakerRole: 'Decides', engagementLevel: 'Engagement',
};

// A criterion that this page does not know is shown in words: "companySize" as "Company size".
export function reasonName(reason: LeadReason): string {
  const known = CRITERIA[reason.criterion];
  if (known) return known;
  const words = reason.criterion.replace(/([a-z])([A-Z])/g, '$1 $2').replaceAll('_', ' ').toLowerCase();
  return words.charAt(0).toUpperCase() + words.slice(1);
}

export function scoreWord(score: number): 'hot' | 'warm' | 'cool' {
  return score >= 70 ? 'hot' : score >= 40 ? 'warm' : 'cool';
}
