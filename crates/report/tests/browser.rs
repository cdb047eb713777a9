//! Pages in a browser: no error, all parts there, nothing asked of a network, theme, switch and keyboard at work.

mod common;

use common::{HOSTILE, Numbers, cure, diagnosis};
use std::path::Path;
use std::process::Command;
use steadygrad_report::{CURE_PARTS, PARTS, page, page_of_cure};

/// Notes what goes wrong; stands before everything else.
const EARS: &str = "<script>window.wrong=[];addEventListener('error',function(e){wrong.push('error '+e.message)});\
addEventListener('securitypolicyviolation',function(e){wrong.push('policy '+e.violatedDirective)});\
console.error=console.warn=function(m){wrong.push('console '+m)};\
window.alert=function(){wrong.push('a name was run')};</script>";

/// Uses the page, and writes down what it saw.
const HANDS: &str = "<script>(function(){
function id(i){return document.getElementById(i)}
var said=[];
function must(ok,what){if(!ok)said.push(what)}
PARTS.forEach(function(p){must(id(p)&&id(p).getBoundingClientRect().height>0,'#'+p+' is not seen')});
var html=document.documentElement,button=id('theme'),seen=[];
for(var i=0;i<3;i++){button.click();seen.push(html.getAttribute('data-theme'))}
must(seen.sort().join()==='dark,light,','themes: '+seen);
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
must(id('tip').textContent.indexOf('step')>0,'a tip of the map: '+id('tip').textContent);
must(document.documentElement.scrollWidth<=innerWidth,'wider than the window: '+document.documentElement.scrollWidth);
must(performance.getEntriesByType('resource').length===0,'something was loaded');
document.querySelectorAll('svg[role=img]').forEach(function(s){must(s.getAttribute('aria-label'),'a picture without a name')});
document.title='done: '+said.concat(wrong).join('; ')+'.';
})()</script>";

fn chromium() -> Option<&'static str> {
    let names = ["chromium", "chromium-browser", "google-chrome"];
    names
        .into_iter()
        .find(|name| Command::new(name).arg("--version").output().is_ok_and(|o| o.status.success()))
}

/// Opens a page in a window so wide, and returns what it looks like after its scripts ran.
fn opened(browser: &str, folder: &Path, page: &str, parts: &[&str], width: u32) -> String {
    let list: Vec<String> = parts.iter().map(|p| format!("'{p}'")).collect();
    let hands = HANDS.replace("PARTS", &format!("[{}]", list.join(",")));
    let page =
        page.replacen("<head>", &format!("<head>{EARS}"), 1).replace("</body>", &format!("{hands}</body>"));
    let file = folder.join(format!("page-{width}.html"));
    std::fs::write(&file, page).expect("the folder is there");
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
    // What a browser says of a drawing that it cannot read goes there too.
    let log = String::from_utf8_lossy(&out.stderr);
    let console: Vec<&str> = log.lines().filter(|l| l.contains("CONSOLE")).collect();
    assert_eq!(console, Vec::<&str>::new());
    String::from_utf8_lossy(&out.stdout).into_owned()
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
    let cure_parts = [&CURE_PARTS[..], &PARTS].concat();
    let pages: [(&str, &str, &[&str], u32); 4] = [
        ("sick", &sick, &PARTS, 1400),
        ("sick on a phone", &sick, &PARTS, 320),
        ("hostile", &hostile, &PARTS, 1400),
        ("cure", &cured, &cure_parts, 1400),
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
