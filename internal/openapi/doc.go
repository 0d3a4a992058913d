// Package openapi makes the OpenAPI 3.0 document out of the Swagger 2.0
// document that swag writes from the annotations in package api. In tests it makes
// up requests by that document, right ones and broken ones, and checks replies
// against it. The server does not import it: it embeds the finished document.
//
// What the annotations say and the conversion relies on:
//
//   - A field of a reply without omitempty is always there, so it is required;
//     an optional field of a request carries omitempty.
//   - Every field that is not itself an object or a list has an example, unless
//     it may be null and null is the better example.
//   - The description of an error reply begins with its codes:
//     "`not_found`: no such session; `conflict`: it has ended".
//   - "@x-example" on an operation holds, by status, what differs from the
//     example that is put together from the fields, lists item by item:
//     @x-example {"200": {"status": "canceled", "decision": null, "reasons": []}}
package openapi
