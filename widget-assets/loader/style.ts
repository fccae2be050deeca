// The loader's look. It stands on foreign pages, under whatever policy they have: a constructed style
// sheet in the shadow root needs no permission. --accent and --on-accent come from loader.ts.

export const CSS = `
:host{all:initial;position:fixed;z-index:2147483000;right:20px;bottom:20px;font:600 15px/1 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
:host([at*=left]){right:auto;left:20px}
:host([at*=top]){bottom:auto;top:20px}
:host([at=inline]){position:relative;display:block;inset:auto;z-index:0;height:min(640px,90vh)}
*{box-sizing:border-box}
button{all:unset;box-sizing:border-box;position:relative;display:flex;align-items:center;justify-content:center;gap:10px;min-width:56px;height:56px;border-radius:28px;background:var(--accent);color:var(--on-accent);box-shadow:0 1px 3px #0003,0 6px 20px #0003;cursor:pointer;transition:transform .16s;-webkit-tap-highlight-color:transparent}
button:hover{transform:scale(1.05)}
button:focus-visible{outline:3px solid var(--accent);outline-offset:3px}
.wide{padding:0 22px 0 18px}
svg{width:26px;height:26px;fill:none;stroke:currentColor;stroke-width:1.8;stroke-linecap:round;stroke-linejoin:round}
i{position:absolute;top:-4px;right:-4px;min-width:22px;height:22px;padding:0 6px;border-radius:11px;background:#c62828;color:#fff;font:700 12px/22px system-ui,sans-serif;text-align:center}
i:empty{display:none}
iframe{position:absolute;right:0;bottom:72px;width:400px;height:min(680px,calc(100vh - 112px));max-width:calc(100vw - 40px);border:0;border-radius:16px;background:#fff;box-shadow:0 2px 8px #0002,0 16px 48px #0003;transition:opacity .16s,transform .16s;color-scheme:auto}
:host([at*=left]) iframe{right:auto;left:0}
:host([at*=top]) iframe{bottom:auto;top:72px}
:host([at=inline]) iframe{position:static;width:100%;height:100%;max-width:none;box-shadow:0 0 0 1px #0002}
iframe[hidden]{display:block;visibility:hidden;opacity:0;transform:translateY(8px);pointer-events:none}
@media(max-width:479px){:host([open]:not([at=inline])) iframe{position:fixed;inset:0;width:100%;height:100vh;height:100dvh;max-width:none;border-radius:0;transform:none}:host([open]:not([at=inline])) button{display:none}}
@media(prefers-reduced-motion:reduce){*{transition:none!important}}
@media print{:host{display:none}}
`;
