// The lists of the page. All that comes from outside becomes text, never markup.

export function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children.filter((child) => child !== null && child !== ''));
  return made;
}

// Somebody else's words. They may run from right to left.
const foreign = (text) => (text ? element('bdi', {}, text) : '');
const small = (...text) => element('span', { class: 'small' }, ...text);
const badge = (text, kind) => element('span', { class: `badge ${kind}` }, text);

function time(at) {
  const moment = new Date(at.replace(/(\.\d{3})\d+/, '$1'));
  if (Number.isNaN(moment.getTime())) return foreign(at);
  const today = moment.toDateString() === new Date().toDateString();
  const clock = moment.toLocaleTimeString('en-GB');
  const said = today ? clock : `${moment.toLocaleDateString('en-CA')} ${clock}`;
  return element('time', { datetime: at, title: at }, said);
}

// With exactly the digits it has, and as many as its currency has at least.
function money(amount, currency) {
  try {
    const style = { style: 'currency', currency, currencyDisplay: 'code', maximumFractionDigits: 20 };
    return new Intl.NumberFormat('en', style).format(amount);
  } catch {
    return foreign(`${currency} ${amount}`);
  }
}

function link(url) {
  if (!/^https?:\/\//i.test(url)) return foreign(url);
  return element('a', { href: url, target: '_blank', rel: 'noopener noreferrer' }, foreign(url));
}

function person({ name, email }) {
  if (!name && !email) return [small('unnamed')];
  return [foreign(name), name && email ? element('br') : '', email ? small(foreign(email)) : ''];
}

const known = (row) => [foreign(row.key), row.state && row.state !== 'live' ? badge(row.state, 'off') : ''];

function request({ method, target, body, bytes }) {
  const what = [element('b', {}, foreign(method)), ' ', foreign(target)];
  if (!bytes) return what;
  let text = body === '' ? `${bytes} bytes` : body;
  try {
    const json = JSON.parse(body);
    if (typeof json.key === 'string') what.push(' ', element('span', { class: 'about' }, foreign(json.key)));
    // Where reading and writing changes nothing: not a number of more digits than JavaScript keeps.
    const pretty = JSON.stringify(json, null, 2);
    if (pretty.replace(/\s/g, '') === body.replace(/\s/g, '')) text = pretty;
  } catch {
    // It isn't JSON, or was cut.
  }
  return [element('details', {}, element('summary', {}, ...what), element('pre', { dir: 'auto' }, text))];
}

const kindOf = (status) => (status < 300 ? 'good' : status < 500 ? 'fair' : 'bad');

function answer({ status, waiting, processed, fault, authorized }) {
  const none = waiting ? badge('no answer yet', 'off') : badge('no answer', 'bad');
  const cells = [status ? badge(`${status}`, kindOf(status)) : none];
  if (fault) cells.push(' ', badge(fault, 'fault'));
  if (!authorized) cells.push(' ', badge('wrong key', 'fair'));
  if (fault && processed) cells.push(small(`Partnero's own answer: ${processed}`));
  return cells;
}

const STATES = { delivered: 'good', waiting: 'fair', 'to be sent again': 'fair' };

function delivery({ state, tries, answer: came }) {
  const often = tries === 1 ? 'sent once' : `sent ${tries} times`;
  return [badge(state, STATES[state] ?? 'bad'), small(came === null ? often : `${often}; last answer: ${came}`)];
}

// A column: its head, the fields it is made from, how it is made, and of which kind it is.
const WHEN = ['When', ['at'], (row) => [time(row.at)], 'when'];

export function columns(friends) {
  const links = ['Link', ['link'], (row) => [row.link ? link(row.link) : ''], 'wide'];
  const key = ['Key', ['key', 'state'], known];
  const whom = ['Person', ['name', 'email'], person];
  const referred = ['Referred', ['referred'], (row) => [`${row.referred}`], 'number'];
  const referrer = ['Referred by', ['referrer'], (row) => [row.referrer ? foreign(row.referrer) : small('nobody')]];
  return {
    requests: [
      WHEN,
      ['Request', ['method', 'target', 'body', 'bytes'], request, 'wide'],
      ['Answer', ['status', 'waiting', 'processed', 'fault', 'authorized'], answer, 'wide'],
    ],
    deliveries: [
      WHEN,
      ['Event', ['event'], (row) => [foreign(row.event)], 'name'],
      ['To', ['webhook'], (row) => [foreign(row.webhook)]],
      ['Result', ['state', 'tries', 'answer'], delivery, 'wide'],
    ],
    partners: [key, whom, links, referred],
    customers: friends ? [key, whom, referrer, links, referred] : [key, whom, referrer, WHEN],
    transactions: [
      key,
      ['Customer', ['customer'], (row) => [row.customer ? foreign(row.customer) : small('nobody')]],
      ['Amount', ['amount', 'currency'], (row) => [money(row.amount, row.currency)], 'number'],
      [
        'Commission',
        ['reward', 'currency', 'to', 'state'],
        (row) =>
          row.reward === null
            ? [small('none')]
            : [
                money(row.reward, row.currency),
                small(row.state === 'live' ? 'to ' : 'taken back from ', foreign(row.to)),
              ],
        'number',
      ],
      WHEN,
    ],
    commissions: [
      ['To', ['to'], (row) => [foreign(row.to)]],
      ['Live sales', ['sales'], (row) => [`${row.sales}`], 'number'],
      ['Owed', ['owed', 'currency'], (row) => [money(row.owed, row.currency)], 'number'],
      [
        'Taken back',
        ['lost', 'currency'],
        (row) => [row.lost === '0' ? small('none') : money(row.lost, row.currency)],
        'number',
      ],
    ],
    webhooks: [
      [
        'Webhook',
        ['name', 'id', 'active'],
        (row) => [foreign(row.name || row.id), row.active ? '' : badge('off', 'off')],
      ],
      ['URL', ['url'], (row) => [foreign(row.url)], 'wide'],
      ['Events', ['events'], (row) => [small(foreign(row.events))], 'wide'],
    ],
  };
}

const SHORT = 10;

// A table that changes only where its rows do, so that nobody loses their place in it.
export class List {
  #section;
  #columns;
  #rows = new Map();
  #body = element('tbody', { role: 'rowgroup' });
  #table;
  #more = element('button', { type: 'button', class: 'more', hidden: '' });
  #note = element('p', { class: 'small', hidden: '' });
  #filled = false;

  constructor(section, columns) {
    this.#section = section;
    this.#columns = columns;
    const heads = columns.map(([head, , , kind]) =>
      element('th', { scope: 'col', role: 'columnheader', class: kind ?? '' }, head),
    );
    const head = element('thead', { role: 'rowgroup' }, element('tr', { role: 'row' }, ...heads));
    this.#table = element(
      'table',
      { role: 'table', class: 'short', 'aria-labelledby': `${section.id}-title`, hidden: '' },
      head,
      this.#body,
    );
    this.#more.addEventListener('click', () => {
      this.#table.classList.toggle('short');
      this.#count(this.#rows.size);
    });
    section.append(this.#table, this.#more, this.#note);
  }

  remove() {
    this.#table.remove();
    this.#more.remove();
    this.#note.remove();
  }

  show({ total, rows }) {
    const gone = this.#rows;
    this.#rows = new Map();
    for (const row of rows) {
      const id = JSON.stringify(row.id);
      const shown = gone.get(id) ?? this.#empty();
      gone.delete(id);
      this.#fill(shown, row);
      this.#rows.set(id, shown);
    }
    for (const { line } of gone.values()) line.remove();
    let place = this.#body.firstElementChild;
    for (const { line } of this.#rows.values()) {
      if (line === place) place = place.nextElementSibling;
      else this.#body.insertBefore(line, place);
    }
    this.#filled = true;
    this.#table.hidden = rows.length === 0;
    this.#section.querySelector('.empty').hidden = rows.length > 0;
    this.#note.hidden = total <= rows.length;
    const which = this.#section.id === 'commissions' ? 'largest' : 'newest';
    this.#note.textContent = `Only the ${which} ${rows.length} of ${total.toLocaleString('en')} are shown here.`;
    this.#count(rows.length);
  }

  #empty() {
    const cells = this.#columns.map(() => ({ made: '', cell: element('div') }));
    const line = element('tr', { role: 'row', class: this.#filled ? 'fresh' : '' });
    cells.forEach(({ cell }, at) => {
      const [head, , , kind] = this.#columns[at];
      line.append(element('td', { role: 'cell', class: kind ?? '', 'data-head': head }, cell));
    });
    return { cells, line };
  }

  #fill({ cells, line }, row) {
    line.classList.toggle('over', row.state === 'deleted' || row.state === 'archived');
    this.#columns.forEach(([, fields, make], at) => {
      const from = JSON.stringify(fields.map((field) => row[field]));
      if (cells[at].made === from) return;
      cells[at].made = from;
      cells[at].cell.replaceChildren(...make(row).filter((part) => part !== ''));
    });
  }

  #count(rows) {
    const short = this.#table.classList.contains('short');
    this.#more.hidden = rows <= SHORT;
    this.#more.textContent = short ? `Show ${rows - SHORT} more` : `Show ${SHORT} only`;
    this.#more.setAttribute('aria-expanded', `${!short}`);
  }
}
