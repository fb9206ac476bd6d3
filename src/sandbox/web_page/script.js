// The sandbox's page: what it is told it shows, and what is pressed it sends.

import { List, columns, element } from './tables.js';

const get = (id) => document.getElementById(id);
const TITLE = document.title;
const LISTS = ['requests', 'deliveries', 'partners', 'customers', 'transactions', 'commissions', 'webhooks'];

// The sandbox says every five seconds that it is there.
const PATIENCE = 15_000;

let source = null;
let heard = 0;
let friends = null;
const lists = {};

function state(kind, text) {
  if (get('state').textContent !== text) get('state').textContent = text;
  get('state').dataset.state = kind;
  document.title = kind === 'gone' ? `(gone) ${TITLE}` : TITLE;
}

function alive() {
  heard = Date.now();
  state('live', 'Live');
}

function gone() {
  const since = heard ? `What is shown is from ${new Date(heard).toLocaleTimeString('en-GB')}. ` : '';
  state('gone', `The sandbox is gone. ${since}Looking for it…`);
}

function connect() {
  source?.close();
  source = new EventSource('page/events');
  source.addEventListener('open', alive);
  source.addEventListener('alive', alive);
  source.addEventListener('error', gone);
  const on = (name, show) =>
    source.addEventListener(name, ({ data }) => {
      alive();
      show(JSON.parse(data));
    });
  on('program', program);
  on('faults', faults);
  for (const name of LISTS) on(name, (list) => fill(name, list));
}

// It connects again by itself where it can. This is for where it can't, and for a sandbox that has stopped dead.
setInterval(() => {
  if (document.hidden) return;
  const silent = heard && Date.now() - heard > PATIENCE;
  if (silent) gone();
  if (silent || source?.readyState === EventSource.CLOSED) {
    heard = silent ? 0 : heard;
    connect();
  }
}, 2000);

// A browser has few connections for one host: a page that nobody sees needs none.
document.addEventListener('visibilitychange', () => {
  if (!document.hidden) return connect();
  source.close();
  state('waiting', 'Paused');
});

function program(told) {
  if (friends !== told.refer_a_friend) {
    friends = told.refer_a_friend;
    const all = columns(friends);
    for (const name of LISTS) {
      lists[name]?.remove();
      lists[name] = new List(get(name), all[name]);
    }
    get('partners').hidden = friends;
    document.querySelector('nav a[href="#partners"]').parentElement.hidden = friends;
  }
  const facts = {
    'Base URL': element('code', {}, `${location.origin}/v1/`),
    Program: `${friends ? 'refer-a-friend' : 'affiliate'}, ${told.id}`,
    Commission: `${told.commission} %`,
    Currency: told.currency,
  };
  const pair = ([name, value]) => element('div', {}, element('dt', {}, name), element('dd', {}, value));
  get('program').replaceChildren(...Object.entries(facts).map(pair));
}

const totals = {};
let news = {};

function fill(name, list) {
  lists[name]?.show(list);
  const before = totals[name];
  totals[name] = list.total;
  const tab = document.querySelector(`nav a[href="#${name}"]`);
  tab.dataset.count = list.total.toLocaleString('en');
  if (before !== undefined && list.total > before) news[name] = (news[name] ?? 0) + list.total - before;
}

// For those who hear the page, and not more often than they can listen.
setInterval(() => {
  const said = Object.entries(news).map(([name, count]) => `${count} more in ${get(`${name}-title`).textContent}`);
  if (said.length) get('news').textContent = said.join(', ');
  news = {};
}, 5000);

function faults({ rows }) {
  const list = get('rules');
  const hadFocus = get('faults').contains(document.activeElement) && document.activeElement.dataset.stop;
  list.replaceChildren(...rows.map(rule));
  get('no-rules').hidden = rows.length > 0;
  get('stop-all').hidden = rows.length < 2;
  document.querySelector('nav a[href="#faults"]').dataset.count = rows.length;
  if (!hadFocus) return;
  const same = [...list.querySelectorAll('button')].find((button) => button.dataset.stop === hadFocus);
  (same ?? get('in-force')).focus();
}

function rule({ kind, id, what, method, path, mentioning, share, left, met }) {
  const where = kind === 'webhooks' ? (path ?? '*') : `${method ?? 'any'} ${path ?? '*'}`;
  const which = where === '*' || where === 'any *' ? 'every one' : where.replace('*', '…');
  const often = [];
  if (share < 100) often.push(`${share} %`);
  often.push(left === null ? 'until stopped' : left === 1 ? 'the next one' : `the next ${left}`);
  if (mentioning) often.push(`if it mentions “${mentioning}”`);
  often.push(met === 0 ? 'not met yet' : met === 1 ? 'met once' : `met ${met} times`);
  const stop = element(
    'button',
    { type: 'button', 'data-stop': `${kind}/${id}`, 'aria-label': `Stop: ${what}, ${which}` },
    'Stop',
  );
  stop.addEventListener('click', () => send('DELETE', `page/faults/${kind}/${id}`, null, 'Stopped.'));
  const words = [
    element('b', {}, what),
    element('span', { class: 'small' }, element('bdi', {}, `${which}, ${often.join(', ')}`)),
  ];
  return element('li', {}, element('span', {}, ...words), stop);
}

async function send(method, path, body, done) {
  const options = body ? { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } } : {};
  let said = done;
  try {
    const answer = await fetch(path, { method, signal: AbortSignal.timeout(10_000), ...options });
    if (!answer.ok) said = await answer.text();
  } catch {
    said = 'The sandbox can’t be reached.';
  }
  get('said').textContent = said;
}

function press(button) {
  const often = get('often').value;
  const number = get('number');
  if (often !== 'always' && !number.reportValidity()) return;
  const count = number.valueAsNumber;
  const webhooks = ['duplicate', 'late'].includes(button.dataset.fault);
  const body = { fault: button.dataset.fault, often: often === 'always' ? often : { [often]: count } };
  if (!webhooks) body.on = get('on').value;
  const what = webhooks ? 'webhook' : 'request';
  const when = {
    next: count === 1 ? `the next ${what}` : `the next ${count} ${what}s`,
    share: `${count} % of ${what}s`,
    always: `every ${what}`,
  };
  send('POST', 'page/faults', body, `In force, for ${when[often]} of that kind.`);
}

function choose() {
  const often = get('often').value;
  const number = get('number');
  get('number-label').hidden = often === 'always';
  get('number-name').textContent = often === 'share' ? 'Percent' : 'How many';
  number.max = often === 'share' ? 100 : 1_000_000;
  number.value = often === 'share' ? 25 : 1;
}

get('often').addEventListener('change', choose);
get('choice').addEventListener('submit', (event) => event.preventDefault());
for (const button of document.querySelectorAll('button[data-fault]')) {
  button.addEventListener('click', () => press(button));
}
get('stop-all').addEventListener('click', () => {
  send('DELETE', 'page/faults', null, 'All is well again.');
  get('in-force').focus();
});

connect();
