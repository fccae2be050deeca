// What long forms are made of: a titled part, a text of several lines, a box to tick, a time of day.
import { useId, type ReactNode } from 'react';

export function Part({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section className="agent-part" aria-label={title}>
      <h2>{title}</h2>
      {children}
    </section>
  );
}

export function Text({ label, value, rows = 2, onChange }: { label: string; value: string; rows?: number; onChange: (value: string) => void }) {
  const id = useId();
  return (
    <div className="field">
      <label className="field-label" htmlFor={id}>{label}</label>
      <textarea id={id} className="input" rows={rows} value={value} dir="auto" onChange={(event) => onChange(event.target.value)} />
    </div>
  );
}

export function Check({ label, value, onChange }: { label: string; value: boolean; onChange: (value: boolean) => void }) {
  return (
    <label className="check">
      <input type="checkbox" checked={value} onChange={(event) => onChange(event.target.checked)} />{label}
    </label>
  );
}

export function Time({ label, value, onChange }: { label: string; value: string; onChange: (value: string) => void }) {
  return <input type="time" className="input" aria-label={label} required value={value} onChange={(event) => onChange(event.target.value)} />;
}
