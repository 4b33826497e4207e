/** All kernels for one vector width; compiled once for each, with LANES set. */
#include "kernels.h"

#include "batch_norm.h"
#include "dense.h"
#include "depthwise.h"
#include "elementwise.h"
#include "gelu.h"
#include "loss.h"

#define JOIN(a, b) a##b
#define NAMED(a, b) JOIN(a, b)

const Kernels NAMED(kernels_, LANES) = {
#if LANES == 16
    .name = "AVX-512",
#elif LANES == 8
    .name = "AVX2",
#elif defined(__x86_64__)
    .name = "SSE",
#else
    .name = "128 bits",
#endif
    .lanes = LANES,
    .batch_norm_forward = batch_norm_forward,
    .batch_norm_again = batch_norm_again,
    .batch_norm_backward = batch_norm_backward,
    .batch_norm_measure = batch_norm_measure,
    .batch_norm_sums = batch_norm_sums,
    .batch_norm_input_gradient = batch_norm_input_gradient,
    .gelu_forward = gelu_forward,
    .gelu_backward = gelu_backward,
    .elementwise = elementwise,
    .depthwise_forward = depthwise_forward,
    .depthwise_norm_forward = depthwise_norm_forward,
    .depthwise_norm_again = depthwise_norm_again,
    .depthwise_backward = depthwise_backward,
    .depthwise_norm_backward = depthwise_norm_backward,
    .dense_weight_gradient = dense_weight_gradient,
    .resized_loss = resized_loss,
};
