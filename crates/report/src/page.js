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

  // Pictures as files of their own. What style gives is written into every element, so that a file needs nothing, whatever opens it.
  var ns = 'http://www.w3.org/2000/svg';
  var inherited = { fill: 'rgb(0, 0, 0)', stroke: 'none', 'stroke-width': '1px', 'stroke-dasharray': 'none', 'stroke-linecap': 'butt',
    'stroke-linejoin': 'miter', 'fill-opacity': '1', 'font-size': '', 'font-weight': '400', 'shape-rendering': 'auto' };
  function drawn(element, above, out) {
    var name = element.localName;
    if (element.classList.contains('hit') || name === 'title' || name === 'desc' || name === 'defs') return;
    var style = getComputedStyle(element), here = Object.assign({}, above), copy;
    if (name === 'use') {
      // What is repeated is written out.
      copy = document.createElementNS(ns, 'g');
      copy.setAttribute('transform', element.getAttribute('transform') || '');
    } else {
      copy = document.createElementNS(ns, name);
      ['x', 'y', 'width', 'height', 'd', 'cx', 'cy', 'r', 'transform', 'text-anchor', 'viewBox'].forEach(function (key) {
        if (element.hasAttribute(key)) copy.setAttribute(key, element.getAttribute(key));
      });
    }
    Object.keys(inherited).forEach(function (key) {
      var value = style.getPropertyValue(key);
      if (value !== above[key] && (name === 'text' || key.indexOf('font') !== 0)) { copy.setAttribute(key, value); here[key] = value; }
    });
    if (style.opacity !== '1') copy.setAttribute('opacity', style.opacity);
    if (name === 'text') copy.textContent = element.textContent;
    var inside = name === 'use' ? [document.querySelector(element.getAttribute('href'))] : name === 'text' ? [] : element.children;
    Array.prototype.forEach.call(inside, function (child) { drawn(child, here, copy); });
    out.appendChild(copy);
  }
  function file(pictures, across, title, about) {
    var gap = 24, edge = 16, x = 0, y = 30, row = 0, wide = 0, places = pictures.map(function (svg, i) {
      var box = svg.viewBox.baseVal;
      if (i && i % across === 0) { x = 0; y += row + gap; row = 0; }
      var place = [x, y];
      x += box.width + gap; row = Math.max(row, box.height); wide = Math.max(wide, x - gap);
      return place;
    });
    var w = Math.max(wide, 7.6 * title.length) + 2 * edge, h = y + row + 2 * edge, out = document.createElementNS(ns, 'svg');
    [['width', w], ['height', h], ['viewBox', [0, 0, w, h].join(' ')], ['role', 'img'],
      ['font-family', 'system-ui, -apple-system, Segoe UI, Roboto, Helvetica Neue, Arial, sans-serif']].forEach(function (a) { out.setAttribute(a[0], a[1]); });
    [['title', title], ['desc', about]].forEach(function (a) {
      var words = document.createElementNS(ns, a[0]);
      words.textContent = a[1];
      out.appendChild(words);
    });
    var paper = document.createElementNS(ns, 'rect');
    [['width', w], ['height', h], ['fill', getComputedStyle(document.body).backgroundColor]].forEach(function (a) { paper.setAttribute(a[0], a[1]); });
    out.appendChild(paper);
    // What stands over a picture on the page goes with it.
    var head = document.createElementNS(ns, 'text');
    [['x', edge], ['y', edge + 14], ['font-size', 14], ['font-weight', 600], ['fill', getComputedStyle(document.body).color]].forEach(function (a) { head.setAttribute(a[0], a[1]); });
    head.textContent = title;
    out.appendChild(head);
    pictures.forEach(function (svg, i) {
      var group = document.createElementNS(ns, 'g');
      group.setAttribute('transform', 'translate(' + (places[i][0] + edge) + ' ' + (places[i][1] + edge) + ')');
      Array.prototype.forEach.call(svg.children, function (child) { drawn(child, inherited, group); });
      out.appendChild(group);
    });
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + new XMLSerializer().serializeToString(out) + '\n';
  }
  function saver(after, name, title, about, pictures, across) {
    var b = document.createElement('button');
    b.type = 'button'; b.className = 'save'; b.textContent = 'Save as SVG';
    b.setAttribute('aria-label', 'Save as SVG: ' + title);
    b.addEventListener('click', function () {
      var blob = new Blob([file(pictures(), across(), title, about)], { type: 'image/svg+xml' });
      var link = document.createElement('a');
      link.href = URL.createObjectURL(blob);
      link.download = name + '.svg';
      link.click();
      setTimeout(function () { URL.revokeObjectURL(link.href); }, 10000);
    });
    after.insertAdjacentElement('afterend', b);
  }
  document.querySelectorAll('svg.chart[id]').forEach(function (svg) {
    if (svg.classList.contains('narrow')) return;
    var next = svg.nextElementSibling, small = next && next.classList.contains('narrow') ? next : null;
    var about = svg.querySelector(':scope > desc');
    saver(small || svg, svg.id.replace(/-w$/, ''), svg.getAttribute('aria-label') || svg.id, about ? about.textContent : '', function () {
      return [small && getComputedStyle(svg).display === 'none' ? small : svg];
    }, function () { return 1; });
  });
  document.querySelectorAll('.cards').forEach(function (cards, i) {
    saver(cards, 'histograms' + (i ? '-' + (i + 1) : ''), 'Histograms of every layer before training', '', function () {
      return Array.prototype.slice.call(cards.querySelectorAll('svg'));
    }, function () { return getComputedStyle(cards).gridTemplateColumns.split(' ').length; });
  });

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
