// Server-sent events out of a fetch Response: yields {event, id, data, json, at} as they arrive.
export async function* events(response) {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const bytes of response.body) {
    rest += decoder.decode(bytes, { stream: true });
    for (let end = rest.indexOf('\n\n'); end >= 0; end = rest.indexOf('\n\n')) {
      const block = rest.slice(0, end);
      rest = rest.slice(end + 2);
      const parsed = parse(block);
      if (parsed) yield parsed;
    }
  }
  if (rest.trim() !== '') throw new Error(`the stream ended inside an event: ${JSON.stringify(rest)}`);
}

function parse(block) {
  const fields = { event: 'message', id: undefined, data: [] };
  for (const line of block.split('\n')) {
    if (line === '' || line.startsWith(':')) continue;
    const [, name, value] = /^([^:]*)(?:: ?)?(.*)$/.exec(line);
    if (name === 'data') fields.data.push(value);
    else if (name === 'event' || name === 'id') fields[name] = value;
  }
  if (fields.data.length === 0) return undefined;
  const data = fields.data.join('\n');
  return { event: fields.event, id: fields.id, data, json: JSON.parse(data), at: performance.now() };
}

export async function all(response) {
  const list = [];
  for await (const event of events(response)) list.push(event);
  return list;
}
