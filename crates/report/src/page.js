(function () {
  'use strict';
  var root = document.documentElement, tip = document.getElementById('tip');
  root.classList.add('js');

  // The theme: as the system has it, light, or dark.
  var names = ['auto', 'light', 'dark'], button = document.getElementById('theme'), kept = null;
  try { kept = localStorage.getItem('steadygrad-theme'); } catch (e) { kept = null; }
  var theme = names.indexOf(kept) < 0 ? 'auto' : kept;
  function paint() {
    if (theme === 'auto') root.removeAttribute('data-theme'); else root.setAttribute('data-theme', theme);
    button.textContent = 'theme: ' + theme;
  }
  button.hidden = false;
  button.addEventListener('click', function () {
    theme = names[(names.indexOf(theme) + 1) % names.length];
    try { localStorage.setItem('steadygrad-theme', theme); } catch (e) { /* it is kept for this page alone */ }
    paint();
  });
  paint();

  // Switches between two pictures.
  document.querySelectorAll('.switch button').forEach(function (b) {
    function use() {
      document.getElementById(b.dataset.show).hidden = false;
      document.getElementById(b.dataset.hide).hidden = true;
      b.parentNode.querySelectorAll('button').forEach(function (o) { o.setAttribute('aria-pressed', String(o === b)); });
    }
    b.addEventListener('click', use);
    if (b.getAttribute('aria-pressed') === 'true') use();
  });

  // Tips: the titles within pictures, shown at once, also for the keyboard.
  var on = null;
  function hide() { tip.classList.remove('on'); if (on) on.classList.remove('on'); on = null; }
  function show(text, x, y, element) {
    if (on && on !== element) on.classList.remove('on');
    on = element;
    if (element) element.classList.add('on');
    if (tip.textContent !== text) tip.textContent = text;
    tip.classList.add('on');
    var w = tip.offsetWidth, h = tip.offsetHeight;
    tip.style.left = Math.max(4, Math.min(x + 14, innerWidth - w - 4)) + 'px';
    tip.style.top = (y - h - 12 < 4 ? y + 18 : y - h - 12) + 'px';
  }
  function cell(hit, px, py) {
    var box = hit.getBoundingClientRect(), names = hit.dataset.names.split('|'), steps = hit.dataset.steps.split(' ');
    var rows = data(hit);
    var r = Math.max(0, Math.min(names.length - 1, Math.floor((py - box.top) / box.height * names.length)));
    var c = Math.max(0, Math.min(steps.length - 1, Math.floor((px - box.left) / box.width * steps.length)));
    var value = (rows[r] || '').split(' ')[c];
    return names[r] + ', step ' + steps[c] + ': ' + (value ? value + ' ' + hit.dataset.unit : 'not seen');
  }
  function data(hit) {
    // The narrow picture reads what the wide one holds.
    var holder = hit.dataset.rows ? hit : hit.closest('.map').querySelector('.grid-hit');
    return holder.dataset.rows.split('|');
  }
  document.querySelectorAll('svg.chart').forEach(function (svg) {
    var root = svg.querySelector(':scope > title');
    if (root) { svg.setAttribute('aria-label', root.textContent); svg.removeAttribute('aria-labelledby'); root.remove(); }
    var hits = [];
    svg.querySelectorAll('title').forEach(function (t) {
      var owner = t.parentNode;
      owner.tipText = t.textContent;
      t.remove();
      hits.push(owner);
      owner.addEventListener('pointermove', function (e) { show(owner.tipText, e.clientX, e.clientY, owner); });
      owner.addEventListener('pointerleave', hide);
    });
    svg.querySelectorAll('.grid-hit').forEach(function (hit) {
      hit.addEventListener('pointermove', function (e) { show(cell(hit, e.clientX, e.clientY), e.clientX, e.clientY, null); });
      hit.addEventListener('pointerleave', hide);
    });
    if (hits.length < 2) return;
    var at = -1;
    svg.setAttribute('tabindex', '0');
    svg.addEventListener('keydown', function (e) {
      var step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[e.key];
      if (e.key === 'Escape') { hide(); at = -1; return; }
      if (!step) return;
      e.preventDefault();
      at = at < 0 ? (step > 0 ? 0 : hits.length - 1) : (at + step + hits.length) % hits.length;
      var box = hits[at].getBoundingClientRect();
      show(hits[at].tipText, box.left + box.width / 2, box.top, hits[at]);
    });
    svg.addEventListener('blur', hide);
  });
  addEventListener('scroll', hide, { passive: true });

  // On paper everything is open.
  addEventListener('beforeprint', function () {
    document.querySelectorAll('details.explain, .map').forEach(function (d) {
      if (d.hidden) { d.hidden = false; d.dataset.again = '1'; }
    });
  });
  addEventListener('afterprint', function () {
    document.querySelectorAll('[data-again]').forEach(function (d) { d.hidden = true; d.removeAttribute('data-again'); });
  });
})();
