#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace mol_edge {

/// Instruction sets that there is code for; `kPortable` is what the compiler makes of C++. Pixels
/// take AVX2 where the network takes AVX-512 (F, VL, BW and DQ).
enum class Isa : std::uint8_t { kPortable, kAvx2, kAvx512, kNeon };

std::string_view name(Isa isa);

/// Instruction sets that this processor runs, the fastest last.
std::vector<Isa> available_isas();

/// Whether this processor adds products of bytes in 32 bits at once (VNNI, or Arm's). Runtimes use
/// instructions elsewhere on x86 that add two of them in 16 bits, which saturate.
bool adds_bytes_exactly();

/// Whether the processor has VNNI of AVX.
bool has_avx_vnni();
/// Whether it has AMX's registers and products of bytes; a process has to ask for these.
bool has_amx();

/// The one in use: the fastest unless `use_isa` said otherwise.
Isa current_isa();

/// Uses `isa` from now on, in all threads. Throws OptionError where the processor lacks it.
void use_isa(Isa isa);

}  // namespace mol_edge
