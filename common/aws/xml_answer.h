#pragma once

#include "common/aws/service_client.h"

// What the XML APIs (S3, STS, SNS) have in common.
namespace tidemark::aws {

// Code and text of an error: `Error/Code` and `Error/Message`, at the top (S3) or below
// `ErrorResponse` (STS, SNS). Settings::read_error of these APIs. An answer without them, such as
// a load balancer's page or any answer to HEAD, goes by its status.
CallError ReadXmlError(Api api, const HttpResponse& response);

}  // namespace tidemark::aws
