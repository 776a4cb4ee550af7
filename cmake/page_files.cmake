# The files of the page that `report` and `serve` show, in the order in which they are joined.
set(FENCELINE_PAGE_TEMPLATE replay/report/page/page.html)
set(FENCELINE_PAGE_LIBRARY third_party/uplot/uPlot.iife.min.js)
set(FENCELINE_PAGE_STYLES
    third_party/uplot/uPlot.min.css
    replay/report/page/page.css
    replay/report/page/chart.css
    replay/report/page/detail.css
    replay/report/page/print.css)
set(FENCELINE_PAGE_SCRIPTS
    replay/report/page/dom.js
    replay/report/page/format.js
    replay/report/page/data.js
    replay/report/page/palette.js
    replay/report/page/view.js
    replay/report/page/filter.js
    replay/report/page/axis.js
    replay/report/page/counts.js
    replay/report/page/refused.js
    replay/report/page/lanes_draw.js
    replay/report/page/lanes.js
    replay/report/page/findings.js
    replay/report/page/transitions.js
    replay/report/page/detail.js
    replay/report/page/keys.js
    replay/report/page/main.js)
