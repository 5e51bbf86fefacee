// The page's own script: it keeps the page as the server paints it, sends commands, and says when it hears nothing.
// It decides nothing, keeps nothing, and loads nothing from anywhere else.
'use strict';
(() => {
  const byId = (id) => document.getElementById(id);
  const live = byId('live');

  // ---- The login: say that it may take a while.
  const login = byId('login');
  if (login) {
    login.addEventListener('submit', () => {
      login.querySelector('button').disabled = true;
      setTimeout(() => { byId('wait').textContent = login.dataset.wait; }, 1500);
    });
    window.addEventListener('pageshow', () => { login.querySelector('button').disabled = false; });
    return;
  }
  if (!live) return;

  // ---- The picture: the server sends it by lines; what is others is put in, without moving what a person holds.
  let lines = [];
  const fresh = document.createElement('template');

  function paint(patch) {
    if (patch.all) lines = patch.all;
    for (const i in patch.some || {}) lines[i] = patch.some[i];
    fresh.innerHTML = lines.join('\n');
    morph(live, fresh.content);
    cry();
  }

  const key = (n) => n.nodeType === 1 ? (n.id || n.dataset.key || '') : '';
  const alike = (a, b) => a.nodeType === b.nodeType && a.nodeName === b.nodeName && key(a) === key(b);

  function morph(from, to) {
    let old = from.firstChild;
    for (const now of [...to.childNodes]) {
      let match = old;
      if (key(now)) while (match && !alike(match, now)) match = match.nextSibling;
      if (match && alike(match, now)) {
        while (old !== match) { const next = old.nextSibling; old.remove(); old = next; }
        old = match.nextSibling;
        update(match, now);
      } else {
        from.insertBefore(now, old);
      }
    }
    while (old) { const next = old.nextSibling; old.remove(); old = next; }
  }

  function update(node, now) {
    if (node.nodeType !== 1) { if (node.nodeValue !== now.nodeValue) node.nodeValue = now.nodeValue; return; }
    for (const a of [...node.attributes]) if (!now.hasAttribute(a.name) && !mine(node, a.name)) node.removeAttribute(a.name);
    for (const a of now.attributes) if (node.getAttribute(a.name) !== a.value) node.setAttribute(a.name, a.value);
    if (node.isEqualNode(now)) return;
    morph(node, now);
  }
  // What a person has opened or entered stays.
  const mine = (node, name) => name === 'open' && node.nodeName === 'DETAILS';

  let cried = '';
  function cry() {
    const text = (byId('announce') || { dataset: {} }).dataset.text || '';
    if (text !== cried) byId('cried').textContent = cried = text;
  }

  // ---- The stream: if nothing comes for three seconds, nothing on the screen is believed.
  let heard = Date.now(), source;
  function listen() {
    source = new EventSource('/live?page=' + encodeURIComponent(location.pathname + location.search));
    source.addEventListener('page', (e) => { heard = Date.now(); paint(JSON.parse(e.data)); });
    source.addEventListener('beat', () => { heard = Date.now(); });
    source.addEventListener('over', () => { source.close(); location.href = '/login?over=1&next=' + encodeURIComponent(location.pathname + location.search); });
    source.onerror = () => {
      if (source.readyState !== EventSource.CLOSED) return;
      fetch('/live?page=', { method: 'GET' }).then((r) => {
        if (r.status === 401) location.href = '/login?over=1&next=' + encodeURIComponent(location.pathname + location.search);
        else setTimeout(listen, 2000);
      }, () => setTimeout(listen, 2000));
    };
  }
  const lost = byId('lost');
  setInterval(() => {
    const silent = Date.now() - heard, gone = silent > 3000;
    document.body.classList.toggle('gone', gone);
    if (gone === lost.hidden) {
      lost.hidden = !gone;
      lost.innerHTML = '';
      if (gone) {
        const strong = document.createElement('strong');
        strong.setAttribute('role', 'alert'); // the seconds beside it are not read out again and again
        lost.append(strong, document.createElement('span'));
        strong.textContent = lost.dataset.text;
      }
    }
    if (gone) lost.lastChild.textContent = lost.dataset.age + ' ' + Math.round(silent / 1000) + ' s';
  }, 500);
  listen();

  // ---- Commands.
  const ask = byId('ask');
  const say = (text, kind, lang, again) => {
    const p = document.createElement('p');
    p.className = kind;
    if (lang) { p.lang = lang; p.dir = 'auto'; }
    p.textContent = text;
    if (again) {
      const b = Object.assign(document.createElement('button'), { type: 'button', textContent: ask.dataset.again });
      b.addEventListener('click', () => { p.remove(); again(); });
      p.append(b);
    }
    byId('said').replaceChildren(p);
    if (!again) setTimeout(() => p.remove(), kind === 'done' ? 5000 : 15000);
  };

  const post = (url, body) => fetch(url, {
    method: 'POST', headers: { 'Content-Type': 'application/json', 'X-Linectl': '1' }, body: JSON.stringify(body),
  });

  // question asks before something is done; it gives what was entered, or null.
  const yes = ask && ask.querySelector('.yes'), plainYes = yes && yes.textContent;
  function question(text, { why = false, password = false, error = '', label = '' } = {}) {
    return new Promise((done) => {
      yes.textContent = label || plainYes;
      byId('ask-text').textContent = text;
      byId('ask-error').textContent = error;
      byId('ask-why').hidden = !why;
      byId('ask-password').hidden = !password;
      const form = ask.querySelector('form');
      form.reset();
      form.elements.why.required = why;
      form.elements.password.required = password;
      ask.returnValue = 'no';
      ask.onclose = () => done(ask.returnValue === 'yes' ? { why: form.elements.why.value, password: form.elements.password.value } : null);
      ask.showModal();
      (why ? form.elements.why : password ? form.elements.password : form.querySelector('[value="no"]')).focus();
    });
  }

  const id = () => (crypto.randomUUID ? crypto.randomUUID() : [...crypto.getRandomValues(new Uint8Array(16))].map((b) => b.toString(16).padStart(2, '0')).join(''));

  async function send(order, button) {
    if (button) button.classList.add('busy');
    try {
      const r = await post('/call', order);
      if (r.status === 401) { location.href = '/login?over=1&next=' + encodeURIComponent(location.pathname); return false; }
      const a = await r.json();
      if (a.outcome === 'asleep') {
        let error = '';
        for (;;) {
          const given = await question(a.text, { password: true, error });
          if (!given) return false;
          const w = await post('/wake', { password: given.password });
          if (w.status === 401) { location.href = '/login?over=1'; return false; }
          const answer = await w.json();
          if (answer.outcome === 'done') return send(order, button);
          error = answer.text;
        }
      }
      if (a.outcome === 'unknown') say(a.text, 'bad', a.lang, () => send(order, button));
      else say(a.text, a.outcome === 'done' ? 'done' : 'bad', a.lang);
      return a.outcome === 'done';
    } catch {
      say(ask.dataset.net, 'bad', '', () => send(order, button));
      return false;
    } finally {
      if (button) button.classList.remove('busy');
    }
  }

  async function command(button, args) {
    let why = '';
    if (button.dataset.confirm) {
      const given = await question(button.dataset.confirm, { why: 'reason' in button.dataset, label: button.querySelector('.label').textContent });
      if (!given) return false;
      why = given.why;
    }
    return send({ method: button.dataset.call, args, why: why || args.Why || '', id: id() }, button);
  }

  document.addEventListener('click', (e) => {
    if (e.target.closest('[data-print]')) window.print();
    for (const menu of document.querySelectorAll('.more details[open]')) if (!menu.contains(e.target)) menu.open = false;
    const opener = e.target.closest('[data-dialog]');
    if (opener) byId(opener.dataset.dialog).showModal();
    const button = e.target.closest('button[data-call]');
    if (!button) return;
    if (button.getAttribute('aria-disabled') === 'true') {
      const why = button.querySelector('.why');
      say(why ? why.textContent : '', 'bad');
      return;
    }
    if (button.type === 'button') command(button, JSON.parse(button.dataset.args || '{}'));
  });

  // A form with data-call asks for a method with what was entered; its fields are named as the method's inputs.
  document.addEventListener('submit', async (e) => {
    const form = e.target.closest('form[data-call]');
    if (!form) return;
    e.preventDefault();
    const button = e.submitter || form;
    if (button.getAttribute('aria-disabled') === 'true') {
      const why = button.querySelector('.why');
      say(why ? why.textContent : '', 'bad');
      return;
    }
    const args = Object.assign({}, JSON.parse(form.dataset.args || '{}'), Object.fromEntries(new FormData(form, e.submitter)));
    button.dataset.call = form.dataset.call;
    if (await command(button, args)) form.reset();
  });

  // A scanner is a keyboard: the form that opens has the focus, and Enter sends it.
  document.addEventListener('toggle', (e) => {
    const first = e.target.open && e.target.matches('details[data-scan]') && e.target.querySelector('input');
    if (first) first.focus();
  }, true);

  // ---- A person is there: commands ask for the password when nobody was for a while.
  let touched = 0;
  for (const kind of ['pointerdown', 'keydown']) {
    document.addEventListener(kind, () => {
      if (Date.now() - touched < 60000) return;
      touched = Date.now();
      post('/touch', {}).catch(() => {});
    }, { passive: true });
  }

  // ---- Keys.
  document.addEventListener('keydown', (e) => {
    if (e.ctrlKey || e.altKey || e.metaKey || /^(INPUT|TEXTAREA|SELECT)$/.test(e.target.nodeName) || document.querySelector('dialog[open]')) return;
    const go = { 1: '/', 2: '/alarms', 3: '/prompts' }[e.key];
    if (go) location.href = go;
    if (e.key === '[' || e.key === ']') {
      const a = document.querySelector(e.key === '[' ? 'a[rel="prev"]' : 'a[rel="next"]');
      if (a) a.click();
    }
    if (e.key === '?' && byId('help')) byId('help').showModal();
  });
})();
