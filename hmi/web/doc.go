// Package web is the operator's HMI in a browser. It is an OPC UA client of the gateway and nothing else: what a page shows is
// browsed and subscribed, what a button does is a method call, with the person's own session. So whatever it can do, any OPC UA
// HMI can do with the same rights and the same audit.
//
// It decides nothing about the line and keeps nothing: no record, no setting, no password beyond the memory of a session. It
// imports neither the control socket nor the record store, and loads nothing from elsewhere into the browser.
//
// # The way of a value
//
// link (one OPC UA session for each login) feeds a Model. A View is a model at a moment, for one person in one language; how old a
// value is, is a matter of that moment. A Page makes its data of a view, its template makes HTML of that, and stream sends the
// lines of it that have changed whenever the model changes and every second. The script puts them in.
//
// # How to add a page
//
//  1. A file page_NAME.go with a Page value: template name, path, title, and Data, a pure function from the view to what the
//     template needs. Read values by the node names of docs/opcua.md: v.Show("ST060.PartId") for the screen, v.Number, v.Name,
//     v.Texts … to reckon with. Return nil if there is no such thing.
//  2. A template templates/NAME.html that defines "main". Values are shown by {{template "value" (.Show "Line.Good")}}, which hatches
//     what is old. Buttons are {{template "command" (.Ask "Line.AddOrder" (.T "Add the order"))}}: they say why they cannot act. A
//     form with data-call="Line.AddOrder" calls the method with its fields, named as the method's inputs. Parts that others could
//     use go to common.html. Give list items a data-key, so that they keep their place when the list changes.
//     A page that shows records has Read too: it asks the gateway's reading methods, in the person's name, and its template "leaf"
//     writes the answer out once; {{template "leaf-of" .}} in "main" shows that beside what lives, with when it was read.
//  3. The page in the list in page.go, its words in texts/ur.json and texts/zh.json (a test names what is missing), its look in
//     static/hmi.css, or records.css for a page of records. No style attributes and no inline script: the browser is told to refuse them.
package web
