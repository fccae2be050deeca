// A short, quiet chime for a visitor's message, off until the person turns it on. Made by the browser's
// own oscillator, so no file is fetched.
import { prefs } from './prefs';

const GAP_MS = 1_500;
let last = 0;
let context: AudioContext | null = null;

export function chime(): void {
  const now = Date.now();
  if (!prefs.get().sound || now - last < GAP_MS) return;
  last = now;
  context ??= new AudioContext();
  const start = context.currentTime;
  for (const [index, pitch] of [660, 880].entries()) {
    const at = start + index * 0.09;
    const tone = context.createOscillator();
    const volume = context.createGain();
    tone.frequency.value = pitch;
    volume.gain.setValueAtTime(0.0001, at);
    volume.gain.exponentialRampToValueAtTime(0.06, at + 0.015);
    volume.gain.exponentialRampToValueAtTime(0.0001, at + 0.25);
    tone.connect(volume).connect(context.destination);
    tone.start(at);
    tone.stop(at + 0.3);
  }
}
