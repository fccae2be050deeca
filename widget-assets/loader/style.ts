// The loader's look. It stands on foreign pages, under whatever policy they have: a constructed style
// sheet in the shadow root needs no permission. --a (the agent's colour) and --b (on it) come from loader.ts.

export const CSS = `
:host{all:initial;position:fixed;z-index:2147483647;right:20px;bottom:20px;display:flex;flex-direction:column-reverse;align-items:end;gap:16px;font:600 15px system-ui,sans-serif}
:host([at*=left]){right:auto;left:20px;align-items:start}
:host([at*=top]){bottom:auto;top:20px;flex-direction:column}
:host([full]){inset:0}
:host([at=inline]){position:relative;z-index:0;height:min(640px,90vh)}
button{all:unset;position:relative;display:flex;align-items:center;gap:10px;padding:0 15px;height:56px;border-radius:28px;background:var(--a);color:var(--b);box-shadow:0 6px 20px #0004;cursor:pointer;transition:.16s}
button:hover{transform:scale(1.05)}
button:focus-visible{outline:3px solid var(--a);outline-offset:3px}
svg{width:26px;fill:none;stroke:currentColor;stroke-width:1.8;stroke-linecap:round;stroke-linejoin:round}
i{position:absolute;top:-4px;right:-4px;min-width:22px;border-radius:11px;background:#c62828;color:#fff;font:12px/22px system-ui,sans-serif;text-align:center}
iframe{width:400px;height:min(680px,100vh - 112px);max-width:calc(100vw - 40px);border:0;border-radius:16px;background:Canvas;box-shadow:0 6px 48px #0003;animation:a .16s}
:host([full]) iframe{width:100%;height:100%;max-width:none;border-radius:0}
iframe[hidden],:host([full]) button{display:none}
@keyframes a{0%{opacity:0;transform:translateY(8px)}}
@media(prefers-reduced-motion){button,iframe{transition:none;animation:none}}
`;
