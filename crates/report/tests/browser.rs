//! Pages in a browser: no error, all parts there, nothing asked of a network, theme, switch and keyboard at work.

mod common;

use common::{HOSTILE, Numbers, cure, diagnosis, grid};
use std::path::Path;
use std::process::Command;
use steadygrad_report::{CURE_PARTS, FORECAST_PARTS, GRID_PARTS, PARTS, svg};
use steadygrad_report::{page, page_of_checks, page_of_cure, page_of_forecast, page_of_grid};

/// Notes what goes wrong; stands before everything else.
const EARS: &str = "<script nonce=\"test\">window.wrong=[];addEventListener('error',function(e){wrong.push('error '+e.message)});\
addEventListener('securitypolicyviolation',function(e){wrong.push('policy '+e.violatedDirective)});\
console.error=console.warn=function(m){wrong.push('console '+m)};\
window.alert=function(){wrong.push('a name was run')};</script>";

/// Uses the page, and writes down what it saw.
const HANDS: &str = "<script nonce=\"test\">(function(){
function id(i){return document.getElementById(i)}
var said=[];
function must(ok,what){if(!ok)said.push(what)}
PARTS.forEach(function(p){must(id(p)&&id(p).getBoundingClientRect().height>0,'#'+p+' is not seen')});
var html=document.documentElement,button=id('theme'),seen=[];
for(var i=0;i<3;i++){button.click();seen.push(html.getAttribute('data-theme'))}
must(seen.sort().join()==='dark,light,','themes: '+seen);
KIND
must(innerWidth===WIDTH,'the window is '+innerWidth+' wide');
must(html.scrollWidth<=innerWidth,'wider than the window: '+html.scrollWidth);
must(performance.getEntriesByType('resource').length===0,'something was loaded');
document.querySelectorAll('svg[role=img]').forEach(function(s){must(s.getAttribute('aria-label'),'a picture without a name')});
document.querySelectorAll('svg.chart').forEach(function(s){
var box=s.getBoundingClientRect();
if(!box.width||!s.checkVisibility())return;
must(box.right<=innerWidth+1&&box.left>=-1,s.id+' leaves the window');
s.querySelectorAll('text').forEach(function(t){var b=t.getBoundingClientRect();
must(b.right<=innerWidth+1&&b.left>=-1,'cut: '+t.textContent);
must(b.height>=9,'too small to read: '+t.textContent)})});
// Every picture is saved, and each file is looked at as what it is: a drawing without style.
var blobs=[],savers=document.querySelectorAll('button.save');
URL.createObjectURL=function(b){blobs.push(b);return 'data:,'};
HTMLAnchorElement.prototype.click=function(){must(/^[a-z0-9-]+[.]svg$/.test(this.download),'a file called '+this.download)};
savers.forEach(function(b){b.click()});
must(savers.length>=SAVED&&blobs.length===savers.length,'saved: '+blobs.length+' of '+savers.length);
Promise.all(blobs.map(function(b){return b.text()})).then(function(files){
files.forEach(function(text){
var doc=new DOMParser().parseFromString(text,'image/svg+xml'),svg=doc.documentElement;
must(svg.localName==='svg'&&svg.namespaceURI==='http://www.w3.org/2000/svg','no drawing: '+text.slice(0,200));
must(!doc.querySelector('parsererror,use,script,style,[class],[onerror]'),'not a plain drawing: '+text.slice(0,300));
must(text.indexOf('var(')<0,'colours are not resolved');
must(doc.querySelectorAll('path,rect,circle').length>3&&doc.querySelector('text'),'an empty drawing: '+text.slice(0,300));
must(doc.querySelector('rect').getAttribute('fill').indexOf('rgb')===0&&+svg.getAttribute('width')>100,'no paper');
must(svg.querySelector('title').textContent,'a file without a title')});
top.document.title='done: '+said.concat(wrong).join('; ')+'.'});
})()</script>";

/// What only a diagnosis has: the switch, tips by keyboard, tips of the map.
const OF_A_RUN: &str = "
var update=document.querySelector('[data-show=heat-b]');
must(id('heat-b').hidden&&!id('heat-a').hidden,'the first map alone is seen');
update.click();
must(!id('heat-b').hidden&&id('heat-a').hidden,'the switch');
must(update.getAttribute('aria-pressed')==='true','the switch says so');
var chart=id('flow-strip-w');
chart.focus();
must(document.activeElement===chart,'a picture takes the focus');
chart.dispatchEvent(new KeyboardEvent('keydown',{key:'ArrowRight'}));
must(id('tip').classList.contains('on')&&id('tip').textContent.indexOf('gradient')>0,'a tip by keyboard');
var hit=document.querySelector('#heat-b .grid-hit'),box=hit.getBoundingClientRect();
hit.dispatchEvent(new PointerEvent('pointermove',{clientX:box.left+9,clientY:box.top+9}));
must(id('tip').textContent.indexOf('step')>0,'a tip of the map: '+id('tip').textContent);";

/// What only a grid has: heat tables, and a panel for each setting.
const OF_A_GRID: &str = "
must(document.querySelectorAll('table.heat td').length===30,'two heat tables of all settings');
var chart=[].filter.call(document.querySelectorAll('#flow svg.chart'),function(s){return s.getBoundingClientRect().width})[0];
chart.focus();
must(document.activeElement===chart,'a picture takes the focus');
chart.dispatchEvent(new KeyboardEvent('keydown',{key:'ArrowLeft'}));
must(id('tip').classList.contains('on')&&id('tip').textContent.indexOf('first layer')>0,'a tip by keyboard');";

/// Parts of the page that tells what conditions mean.
const CONDITIONS: [&str; 2] = ["vanishing_gradient", "under_trained"];

fn chromium() -> Option<&'static str> {
    let names = ["chromium", "chromium-browser", "google-chrome"];
    names
        .into_iter()
        .find(|name| Command::new(name).arg("--version").output().is_ok_and(|o| o.status.success()))
}

/// Opens a page in a window so wide, and returns what it looks like after its scripts ran.
fn opened(browser: &str, folder: &Path, page: &str, parts: &[&str], width: u32) -> String {
    let list: Vec<String> = parts.iter().map(|p| format!("'{p}'")).collect();
    let (kind, saved) = match parts {
        _ if parts == GRID_PARTS => (OF_A_GRID, "5"),
        _ if parts == FORECAST_PARTS => ("", "1"),
        _ if parts == CONDITIONS => ("", "0"),
        _ => (OF_A_RUN, "7"),
    };
    let hands = HANDS.replace("PARTS", &format!("[{}]", list.join(",")));
    let hands = hands.replace("KIND", kind).replace("SAVED", saved).replace("WIDTH", &width.to_string());
    // The policy of the page stands; what the test itself brings is let in beside it.
    let page = page
        .replacen("<head>", &format!("<head>{EARS}"), 1)
        .replacen("script-src '", "script-src 'nonce-test' '", 1)
        .replace("</body>", &format!("{hands}</body>"));
    // A window is never narrower than 500 points, whatever is asked for; a frame in it is.
    let page = match width {
        500.. => page,
        _ => {
            let inside = page.replace('&', "&amp;").replace('"', "&quot;");
            format!("<title></title><iframe width=\"{width}\" height=\"800\" srcdoc=\"{inside}\"></iframe>")
        }
    };
    let file = folder.join(format!("page-{width}.html"));
    std::fs::write(&file, page).expect("the folder is there");
    dump(browser, folder, &file, width)
}

/// What a file looks like after its scripts ran; nothing is complained of.
fn dump(browser: &str, folder: &Path, file: &Path, width: u32) -> String {
    let (dom, log) = raw_dump(browser, folder, file, width);
    // What a browser says of a drawing that it cannot read goes there too.
    let console: Vec<&str> = log.lines().filter(|l| l.contains("CONSOLE")).collect();
    assert_eq!(console, Vec::<&str>::new());
    dom
}

/// What a file looks like after its scripts ran, and what the browser said.
fn raw_dump(browser: &str, folder: &Path, file: &Path, width: u32) -> (String, String) {
    let out = Command::new(browser)
        .args([
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--no-first-run",
            "--disable-background-networking",
        ])
        .args(["--disable-component-update", "--disable-sync", "--disable-extensions"])
        // Names lead nowhere: a page that needs one fails.
        .arg("--host-resolver-rules=MAP * ~NOTFOUND")
        .arg(format!("--user-data-dir={}", folder.join("profile").display()))
        .arg(format!("--window-size={width},900"))
        .args(["--enable-logging=stderr", "--v=0", "--virtual-time-budget=3000", "--dump-dom"])
        .arg(format!("file://{}", file.display()))
        .output()
        .expect("the browser starts");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (text(&out.stdout), text(&out.stderr))
}

#[test]
fn pages_work_in_a_browser() {
    let Some(browser) = chromium() else {
        println!("skipped: no chromium");
        return;
    };
    let folder = tempfile::tempdir().expect("a folder");
    let sick = page(&diagnosis(20, 30, "dense", Numbers::Plain), "a network");
    let hostile = page(&diagnosis(4, 6, HOSTILE, Numbers::Nan), HOSTILE);
    let cured = page_of_cure(&cure(HOSTILE, Numbers::Plain), "- a\n+ b\n", "a cure");
    let lab = page_of_grid(&grid(&[3, 5], "key", Numbers::Plain), "a grid");
    let hostile_lab = page_of_grid(&grid(&[3, 5], HOSTILE, Numbers::Nan), HOSTILE);
    let cure_parts = [&CURE_PARTS[..], &PARTS].concat();
    let forecast = page_of_forecast(&diagnosis(20, 1, HOSTILE, Numbers::Plain).forecast, HOSTILE);
    let conditions = page_of_checks(steadygrad_doctor::checks::CATALOG);
    let pages: [(&str, &str, &[&str], u32); 12] = [
        ("forecast", &forecast, &FORECAST_PARTS, 1400),
        ("forecast on a phone", &forecast, &FORECAST_PARTS, 320),
        ("conditions", &conditions, &CONDITIONS, 1400),
        ("conditions on a phone", &conditions, &CONDITIONS, 320),
        ("sick", &sick, &PARTS, 1400),
        ("sick on a phone", &sick, &PARTS, 320),
        ("hostile", &hostile, &PARTS, 1400),
        ("cure", &cured, &cure_parts, 1400),
        ("cure on a phone", &cured, &cure_parts, 320),
        ("lab", &lab, &GRID_PARTS, 1400),
        ("lab on a phone", &lab, &GRID_PARTS, 320),
        ("hostile lab on a phone", &hostile_lab, &GRID_PARTS, 320),
    ];
    for (name, page, parts, width) in pages {
        // Pictures for wide windows are not there on a phone.
        let page = if width < 600 {
            page.replace("flow-strip-w", "other").replace("flow-strip-s", "flow-strip-w")
        } else {
            page.to_string()
        };
        let dom = opened(browser, folder.path(), &page, parts, width);
        let title = dom.split("<title>").nth(1).and_then(|t| t.split("</title>").next()).unwrap_or(&dom);
        assert_eq!(title, "done: .", "{name}");
    }
}

#[test]
fn a_hostile_script_on_a_page_is_not_run() {
    let Some(browser) = chromium() else {
        println!("skipped: no chromium");
        return;
    };
    let folder = tempfile::tempdir().expect("a folder");
    let page = page(&diagnosis(4, 6, "dense", Numbers::Plain), "a network");
    // As if a name had not been escaped: the policy stands behind that.
    for bad in [
        "<script>document.title='run'</script>",
        "<img src=x onerror=\"document.title='run'\">",
        "<svg onload=\"document.title='run'\"></svg>",
        "<p style=\"color:rgb(1,2,3)\">x</p>",
    ] {
        let page = page.replace("<main id=\"main\">", &format!("<main id=\"main\">{bad}"));
        let ears = "<script>window.seen=[];addEventListener('securitypolicyviolation',function(e){seen.push(e.effectiveDirective)})</script>";
        let end = "<script nonce=\"test\">setTimeout(function(){document.title+=' of '+seen.length+' '+\
                   getComputedStyle(document.querySelector('main').firstElementChild).color},500)</script></body>";
        let page = page
            .replacen("<head>", &format!("<head>{ears}"), 1)
            .replacen("script-src '", "script-src 'nonce-test' '", 1)
            .replace("</body>", end);
        let file = folder.path().join("bad.html");
        std::fs::write(&file, page).expect("the folder is there");
        let (dom, _) = raw_dump(browser, folder.path(), &file, 900);
        let title = dom.split("<title>").nth(1).and_then(|t| t.split("</title>").next()).unwrap_or(&dom);
        assert!(title.starts_with("a network: ") && !title.contains("run"), "{bad}: {title}");
        let seen = title.split(" of ").nth(1).and_then(|rest| rest.split(' ').next());
        assert!(seen.is_some_and(|n| n != "0") && !title.contains("rgb(1, 2, 3)"), "{bad}: {title}");
    }
}

#[test]
fn a_picture_of_hostile_names_is_xml() {
    let Some(browser) = chromium() else {
        println!("skipped: no chromium");
        return;
    };
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("flow.svg");
    std::fs::write(&file, svg::flow(&diagnosis(4, 6, HOSTILE, Numbers::Nan))).expect("the folder is there");
    let dom = dump(browser, folder.path(), &file, 900);
    assert!(dom.contains("<svg") && dom.contains("</svg>") && !dom.contains("parsererror"), "{dom:.400}");
    assert!(!dom.contains("<script") && !dom.contains("<img"), "{dom:.400}");
}
